// Who uses the page. `null` is nobody, `undefined` is not known yet.
import { CallError, whenUnauthorised } from "../api/client";
import { closeSession, loadSession, openSession, type Role, type User } from "../api/session";
import { Store } from "./store";

export const user = new Store<User | null | undefined>(undefined);
/** Set when even the question "who am I" failed for another reason than 401. */
export const sessionError = new Store<CallError | null>(null);

whenUnauthorised(() => user.set(null));

export async function resumeSession(): Promise<void> {
  try {
    user.set((await loadSession()).user);
    sessionError.set(null);
  } catch (error) {
    if (error instanceof CallError && error.status !== 401) sessionError.set(error);
    else user.set(null);
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  user.set((await openSession(name, password)).user);
}

export async function signOut(): Promise<void> {
  try {
    await closeSession();
  } finally {
    user.set(null);
  }
}

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether `holder` may do what needs `role`. The server checks again; this only keeps dead buttons away. */
export const may = (holder: User | null | undefined, role: Role) => holder?.role != null && rank[holder.role] >= rank[role];
