/** The command line of `npm create headspring`. */

import { parseArgs } from "node:util";
import { TEMPLATES, isTemplate, type Template } from "./templates.ts";

export interface Arguments {
  /** A path; its last part is the project's name. */
  readonly folder?: string;
  readonly template?: Template;
  readonly headspring?: string;
  readonly isInstalled: boolean;
  readonly asks: "project" | "help" | "version";
}

/** What somebody can correct: the message is all there is to show. */
export class Mistake extends Error {}

const listed = Object.entries(TEMPLATES).map(([name, description]) => `  ${name.padEnd(7)} ${description}`);
export const TEMPLATE_LIST = listed.join("\n");

export const HELP = `npm create headspring [folder] [-- options]

  npm create headspring                                   asks for everything
  npm create headspring my-app -- --template empty        asks for nothing
  npm create headspring . -- --template shop              here: the folder gives the name

  -t, --template NAME   what the project begins with:
${listed.map((line) => `                      ${line}`).join("\n")}
      --no-install      without \`npm install\`
      --headspring SPEC the headspring to install: a version, or the path of a tarball, such as file:../headspring.tgz
  -h, --help            this
  -v, --version         the version of create-headspring`;

export function argumentsIn(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args);
  if (positionals.length > 1) throw new Mistake(`one project at a time: "${positionals[1]}" is a second name`);
  const { template, headspring } = values;
  if (template !== undefined && !isTemplate(template)) {
    throw new Mistake(`there is no template "${template}". There are:\n${TEMPLATE_LIST}`);
  }
  return {
    ...(positionals[0] !== undefined && { folder: positionals[0] }),
    ...(template !== undefined && { template }),
    ...(headspring !== undefined && { headspring }),
    isInstalled: !values["no-install"],
    asks: values.help ? "help" : values.version ? "version" : "project",
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: "string", short: "t" },
        headspring: { type: "string" },
        "no-install": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        version: { type: "boolean", short: "v", default: false },
      },
    });
  } catch (error) {
    throw new Mistake(`${(error as Error).message.split(". ")[0]}. The options are shown by --help`);
  }
}
