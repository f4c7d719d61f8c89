import { post } from "./client";

export interface EnrolmentToken { token: string; expires: number }

/** Admin only. The token is shown once and admits one node of `cluster`. */
export const createEnrolmentToken = (cluster: string, replacesNode: string) =>
  post<EnrolmentToken>("/api/v1/enrolment-tokens", { cluster, ...(replacesNode === "" ? {} : { replacesNode }) });
