import { get, post, remove } from "./client";

export type Role = "viewer" | "operator" | "admin";
/** `role` is what the user is on every cluster; null for one who has rights on some only. */
export interface User { name: string; role: Role | null }

export const loadSession = () => get<{ user: User }>("/api/v1/session");
export const openSession = (username: string, password: string) =>
  post<{ user: User }>("/api/v1/session", { username, password });
export const closeSession = () => remove("/api/v1/session");
