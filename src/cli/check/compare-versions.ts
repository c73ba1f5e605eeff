/** The package and what its objects store: older code must not follow newer code. */

import type { Deployed } from "./deployed.ts";
import type { Finding } from "./finding.ts";
import type { Inspected } from "./inspect.ts";

/** What objects of a class are, for a person. */
const STORED: Readonly<Record<string, string>> = {
  STREAMS: "streams",
  LOGS: "logs",
  WEBHOOKS: "webhooks",
  CATALOGS: "catalogs",
  SOURCES: "sources",
};

export function compareVersions(version: string, code: Inspected, deployed: Deployed): Finding[] {
  const findings: Finding[] = [];
  for (const [part, there] of Object.entries(deployed.formats ?? {})) {
    const here = code.formats[part] ?? 0;
    if (there <= here) continue;
    findings.push({
      severity: "breaks",
      code: "storage-newer",
      about: part,
      what: `the deployment stores ${STORED[part] ?? part} in version ${there}, and this package knows ${here}: what was written in the newer one would be 503 stored-by-newer-code`,
      remedy: "Install a version of the package that knows it: npm install headspring@latest.",
      details: { deployed: there, known: here },
    });
  }
  if (isOlder(version, deployed.version))
    findings.push({
      severity: "breaks",
      code: "package-older",
      about: "package",
      what: `this project has headspring ${version}, and the deployment runs ${deployed.version}`,
      remedy: `A newer version may have stored what an older one does not know: npm install headspring@${/^[\w.+-]{1,64}$/.test(deployed.version) ? deployed.version : "latest"}.`,
      details: { deployed: deployed.version, installed: version },
    });
  return findings;
}

/** By the rules of Semantic Versioning. What is not a version is not compared. */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [parsed(one), parsed(other)];
  if (!a || !b) return false;
  for (const [index, number] of a.numbers.entries()) if (number !== b.numbers[index]) return number < b.numbers[index]!;
  // Without a prerelease it is the later one.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return a.prerelease.length > 0 && b.prerelease.length === 0;
  for (const [index, part] of a.prerelease.entries()) {
    const its = b.prerelease[index];
    if (its === undefined) return false;
    if (part === its) continue;
    const [isNumber, isItsNumber] = [/^\d+$/.test(part), /^\d+$/.test(its)];
    if (isNumber && isItsNumber) return Number(part) < Number(its);
    return isNumber === isItsNumber ? part < its : isNumber;
  }
  return a.prerelease.length < b.prerelease.length;
}

function parsed(version: string): { readonly numbers: readonly number[]; readonly prerelease: readonly string[] } | undefined {
  const [, major, minor, patch, prerelease] = /^(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+.*)?$/.exec(version) ?? [];
  if (patch === undefined) return undefined;
  return { numbers: [major, minor, patch].map(Number), prerelease: prerelease?.split(".") ?? [] };
}
