/** The first statement is the title, what follows the explanation: both are sentences of their own. */
export function splitCause(cause: string): { title: string; rest: string } {
  const end = /:\s|\.\s/.exec(cause);
  if (end === null) return { title: cause.replace(/\.$/, ""), rest: "" };
  const rest = cause.slice(end.index + (end[0] ?? "").length).trim();
  return { title: cause.slice(0, end.index), rest: rest.charAt(0).toUpperCase() + rest.slice(1) };
}
