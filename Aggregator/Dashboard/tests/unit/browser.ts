// What the modules under test touch of a browser while they load. Imported before them.
const scope = globalThis as Record<string, unknown>;
scope["addEventListener"] ??= () => undefined;
scope["dispatchEvent"] ??= () => true;
scope["location"] ??= { pathname: "/", search: "", origin: "https://monitor.example" };
scope["history"] ??= { pushState: () => undefined, replaceState: () => undefined };
scope["setInterval"] = () => 0;
export {};
