/**
 * Two lint rules about zod. It is imported as a namespace, because a bundler then drops the parts that nothing uses (all its languages are
 * a third of the worker otherwise). And nothing asks whether a value is an `instanceof` one of its classes: a project may have a second copy
 * of zod, or `zod/mini`; src/core/zod-form.ts recognises schemas by their structure.
 */

/** Whether an import of zod takes names from it, by value or by type. */
export function takesNames(specifier: unknown, imported: readonly string[]): boolean {
  return typeof specifier === "string" && /^zod(?:\/|$)/.test(specifier) && imported.some((kind) => kind !== "ImportNamespaceSpecifier");
}

interface Importing {
  readonly source: { readonly value?: unknown };
  readonly specifiers: readonly { readonly type: string }[];
}

interface Comparison {
  readonly operator: string;
  readonly right: { readonly type: string; readonly object?: { readonly name?: string } };
}

interface Context {
  report(problem: { readonly message: string; readonly node: unknown }): void;
}

const NAMESPACE = 'write `import * as z from "zod"`: the bundler keeps all of zod otherwise';
const STRUCTURE = "not by zod's classes: ask src/core/zod-form.ts, which knows schemas of another copy of zod, too";

export default {
  meta: { name: "zod" },
  rules: {
    namespace: {
      create: (context: Context) => ({
        ImportDeclaration(node: Importing) {
          const kinds = node.specifiers.map(({ type }) => type);
          if (takesNames(node.source.value, kinds)) context.report({ message: NAMESPACE, node });
        },
      }),
    },
    "no-instanceof": {
      create: (context: Context) => ({
        BinaryExpression(node: Comparison) {
          const isOfZod = node.operator === "instanceof" && node.right.type === "MemberExpression" && node.right.object?.name === "z";
          if (isOfZod) context.report({ message: STRUCTURE, node });
        },
      }),
    },
  },
};
