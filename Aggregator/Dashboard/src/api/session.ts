import { get, post, remove } from "./client";

export type Role = "viewer" | "operator" | "admin";
export interface User { name: string; role: Role }

export const loadSession = () => get<{ user: User }>("/api/v1/session");
export const openSession = (username: string, password: string) =>
  post<{ user: User }>("/api/v1/session", { username, password });
export const closeSession = () => remove("/api/v1/session");
