/** Pages as a package has them: what leads to a file of the repository that the package does not have is its path, and no link. */

import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** A listing, code in a line, or a link: of these the first two may have what looks like the third. */
const CODE_OR_LINK = /^```[\s\S]*?^```|`[^`\n]*`|\[((?:`[^`\n]*`|[^\]`])*)\]\(([^)\s]+)\)/gm;

/** Rewrites all pages of a folder that has what is packed, and nothing else. */
export function settlePages(folder: string): void {
  for (const page of globSync("**/*.md", { cwd: folder })) {
    const path = join(folder, page);
    writeFileSync(path, settled(readFileSync(path, "utf8"), dirname(page), folder));
  }
}

function settled(text: string, from: string, folder: string): string {
  return text.replaceAll(CODE_OR_LINK, (all: string, label?: string, target?: string) => {
    const [file = ""] = target?.split("#") ?? [];
    if (label === undefined || file === "" || /^[a-z]+:/.test(file)) return all;
    const path = relative(folder, resolve(folder, from, file));
    if (existsSync(join(folder, path))) return all;
    // A label that is the end of the path says nothing more.
    return path.endsWith(label.replaceAll("`", "")) ? `\`${path}\`` : `${label} (\`${path}\`)`;
  });
}
