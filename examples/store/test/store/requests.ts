/** Reads a file of requests as an editor's REST client does: `@store`, `###` between requests, and answers of named ones. */

export interface FileRequest {
  readonly title: string;
  /** The status that the title notes. */
  readonly status: number;
  /** Answers with the status that it got. */
  readonly send: () => Promise<number>;
}

/** @param store the value of `@store` */
export function requestsOf(file: string, store: string): FileRequest[] {
  const answers = new Map<string, Record<string, string>>();
  const fill = (part: string) =>
    part
      .replaceAll("{{store}}", store)
      .replaceAll(/\{\{(\w+)\.response\.body\.(\w+)\}\}/g, (_all, name: string, member: string) => answers.get(name)?.[member] ?? "");

  return file
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [, title = "", status = "", rest = ""] = /^(.+?)\.? (\d{3})\n([\s\S]*)$/.exec(part) ?? [];
      const name = /^# @name (\w+)$/m.exec(rest)?.[1];
      const [head = "", ...body] = rest
        .replaceAll(/^#.*\n/gm, "")
        .trim()
        .split("\n\n");
      const [line = "", ...headers] = head.split("\n");
      const [method = "", url = ""] = line.split(" ");
      return {
        title,
        status: Number(status),
        send: async () => {
          const response = await fetch(fill(url), {
            method,
            headers: headers.map((header) => header.split(": ", 2) as [string, string]),
            ...(body.length > 0 && { body: fill(body.join("\n\n")) }),
          });
          const answer = await response.text();
          if (name !== undefined) answers.set(name, JSON.parse(answer) as Record<string, string>);
          return response.status;
        },
      };
    });
}
