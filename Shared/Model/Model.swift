// The nouns that every room speaks: instants, labels, samples, ids, alerts. Values only: no files, no clocks of its
// own, no Foundation. Leaves their encoding to FrameCodec, PrometheusText and JSON.
