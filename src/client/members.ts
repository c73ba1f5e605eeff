/** An object that makes its members when they are asked for. The names are the app's, of which a client knows the types only. */
export function members(make: (name: string) => unknown): object {
  // Once each: code that compares them, such as a hook's dependencies, finds the same.
  const made = new Map<string, unknown>();
  const member = (name: string) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
  return new Proxy(
    {},
    {
      // Not `then`: to await the object would send a command of that name.
      get: (_target, name) => (typeof name === "symbol" || name === "then" ? undefined : member(name)),
    },
  );
}
