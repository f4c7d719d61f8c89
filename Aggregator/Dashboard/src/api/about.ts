import { get } from "./client";

/** The aggregator about itself; every part may be missing. */
export interface About { version?: string; caFingerprint?: string | null; url?: string | null }

export const loadAbout = (signal?: AbortSignal) => get<About>("/api/v1/about", signal);
