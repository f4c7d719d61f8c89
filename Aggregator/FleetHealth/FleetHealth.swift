// The health of every cluster: joins what members say (Fleet) with what their series show (PromQL) into one summary per
// cluster, with one status and one sentence that names the cause. Keeps a day of it in quarter hours. Leaves alerts to
// Rules, and drawing to the dashboard.
