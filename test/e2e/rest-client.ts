/** Reads a file of requests as an editor's REST client does: variables, `###` between requests, and answers of named ones. */

export interface FileRequest {
  readonly title: string;
  /** The status that the title notes. */
  readonly status: number;
  /** @returns the status that it got */
  send(): Promise<number>;
}

export function requestsOf(file: string, overrides: Readonly<Record<string, string>>): FileRequest[] {
  const variables = new Map([...file.matchAll(/^@(\w+) = (.+)$/gm)].map(([, name = "", value = ""]) => [name, overrides[name] ?? value]));
  const answers = new Map<string, Record<string, string>>();
  const filled = (text: string) =>
    text.replaceAll(/\{\{(\w+)(?:\.response\.body\.(\w+))?\}\}/g, (_all, name: string, member?: string) => {
      const value = member === undefined ? variables.get(name) : answers.get(name)?.[member];
      if (value === undefined) throw new Error(`no value for ${name} ${member}`);
      return value;
    });

  return file
    .split(/^###/m)
    .slice(1)
    .map((part) => {
      const [heading = "", ...rest] = part.split("\n");
      const [, title = "", status = ""] = /^ (.+?)\.? (\d{3})$/.exec(heading) ?? [];
      const [, name] = /^# @name (\w+)$/m.exec(part) ?? [];
      const [head = "", ...body] = rest.join("\n").trim().split("\n\n");
      const [line = "", ...headers] = head.split("\n").filter((text) => !text.startsWith("#"));
      const [method = "", url = ""] = line.split(" ");
      return {
        title,
        status: Number(status),
        async send() {
          const response = await fetch(filled(url), {
            method,
            headers: headers.map((header) => header.split(": ", 2) as [string, string]),
            ...(body.length > 0 ? { body: filled(body.join("\n\n")) } : {}),
          });
          const text = await response.text();
          if (name !== undefined) answers.set(name, JSON.parse(text) as Record<string, string>);
          return response.status;
        },
      };
    });
}
