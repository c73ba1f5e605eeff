/** docs/api.md: every export of the package, from the doc comments. `npm run strings` writes it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Exported, exportsOf } from "./exports.ts";

export const API_PAGE = join(import.meta.dirname, "../docs/api.md");

const ENTRIES = {
  headspring: ["src/index.ts", "Definitions: what an app is made of."],
  "headspring/runtime": ["src/runtime.ts", "What the worker exports."],
  "headspring/testing": ["src/testing/index.ts", "The test kit; [testing.md](testing.md) is its guide."],
  "headspring/testing/store": ["src/testing/store.ts", "A store for a test; [testing.md](testing.md#tests-with-a-store) is its guide."],
  "headspring/client": ["src/client/index.ts", "The typed client; [client.md](client.md) is its guide."],
  "headspring/postgres": [
    "src/sources/postgres/index.ts",
    "A source that follows a PostgreSQL database; [sources-postgres.md](sources-postgres.md) is its guide.",
  ],
  "headspring/nats": [
    "src/sources/nats/index.ts",
    "A source that follows a stream of NATS JetStream; [sources-nats.md](sources-nats.md) is its guide.",
  ],
  "headspring/mqtt": [
    "src/sources/mqtt/index.ts",
    "A source that follows topics of an MQTT broker; [sources-mqtt.md](sources-mqtt.md) is its guide.",
  ],
  "headspring/react": ["src/react/index.ts", "The client's hooks for React."],
} as const;

const HEAD = `# The exports of the package

Written by \`npm run strings\`, from the comments in the source: an editor shows the same. [own-project.md](own-project.md) and the
[tutorial](tutorial-typescript.md) say how the parts go together.
`;

/** The page as it should be. */
export function apiPage(): string {
  const sections = Object.entries(ENTRIES).map(([name, [entry, what]]) => {
    const all = exportsOf(entry);
    const groups = [...new Set(all.map(({ group }) => group))];
    const parts = groups.map((group) => {
      const members = all.filter((one) => one.group === group);
      return `${group === "" ? "" : `\n### ${group}\n`}${members.map(memberOf).join("")}`;
    });
    return `\n## \`${name}\`\n\n${what}\n${parts.join("")}`;
  });
  return HEAD + sections.join("");
}

function memberOf({ name, kind, doc }: Exported): string {
  const [text = "", ...tags] = doc.replaceAll(/\{@link ([^}]+)\}/g, "`$1`").split(/^(?=@)/m);
  const parts = tags.map((tag) => {
    const [, what = "", rest = ""] = /^@(\w+)\s*([\s\S]*)$/.exec(tag.trim()) ?? [];
    if (what === "example") return `\`\`\`ts\n${rest.trim()}\n\`\`\`\n`;
    if (what === "param") return rest.replace(/^(\w+)\s*/, "- `$1`: ").trim() + "\n";
    if (what === "throws") return `Throws ${rest.replace(/^\{(\w+)\}\s*/, "`$1` ").trim()}.\n`;
    return `${what === "returns" ? "Returns " : ""}${rest.trim()}.\n`;
  });
  return `\n#### \`${name}\`${kind === "function" || kind === "const" ? "" : ` (${kind})`}\n\n${text.trim()}\n${parts.map((part) => `\n${part}`).join("")}`;
}

if (import.meta.main) writeFileSync(API_PAGE, apiPage());
