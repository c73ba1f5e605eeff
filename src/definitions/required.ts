/** Handlers that a definition cannot do without. The compiler asks for them; `npm start` and the tests run without the compiler. */

/**
 * @param owner the definition, for the error
 * @param member where the handlers are
 * @throws {TypeError} at start-up, with the lines to add for all that are missing
 */
export function requireHandlers(
  owner: string,
  member: "evolve" | "decide" | "onTimeout",
  declared: object,
  handlers: Readonly<Record<string, unknown>> | undefined,
): void {
  const missing = Object.keys(declared).filter(
    (name) => !handlers || !Object.hasOwn(handlers, name) || typeof handlers[name] !== "function",
  );
  if (missing.length === 0) return;
  throw new TypeError(`${owner} has no handler in \`${member}\` for ${missing.map((name) => `"${name}"`).join(", ")}; ${MEND[member]}`);
}

const MEND = {
  evolve: "add a function from the state to the state after that event: (state, data) => state if it changes nothing",
  decide: "add a function from the state and the command's data to events, nothing() or refuse(reason)",
  onTimeout: "add a function from the state and the timeout's data to what is stored and sent",
};
