/** A definition as it is in the store, or the beginning of a new one, ready to be edited. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import type { AppReport } from "../../store/event.ts";
import { query, segments, to } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { get } from "../../store/store.ts";
import { Editor } from "./editor.tsx";
import { type Definition, KINDS, type Kind, asEdited } from "./kinds.ts";

interface Found {
  readonly app: AppReport;
  /** Undefined: there is none of this name. */
  readonly definition?: Definition;
  readonly isInCode?: boolean;
}

export function Loaded({ kind, name }: { kind: Kind; name?: string }) {
  const found = useResource<Found>(`${kind} ${name}`, async (signal) => {
    const [app, rest] = await Promise.all([get<AppReport>("/app", signal), name === undefined ? {} : LOADERS[kind](name, signal)]);
    return { app, ...rest };
  });
  return (
    <Page title={name === undefined ? `Declare a ${kind}` : `${kind} ${name}`} actions={<Link href="/declare">All declarations</Link>}>
      <Remote of={found} lines={12}>
        {({ app, definition, isInCode }) =>
          isInCode ? (
            <Empty title={`${name} is declared in the app’s code`}>
              <p>
                Change it there. Here is what you can declare besides: another <Link href={to.declare(kind)}>{kind}</Link>.
              </p>
            </Empty>
          ) : kind !== "stream" && app.categories.length === 0 ? (
            <Empty title={`A ${kind} ${kind === "source" ? "appends to a stream" : "follows streams"}, and there is none yet`}>
              <p>
                <Link href={to.declare("stream")}>Declare a stream</Link> first.
              </p>
            </Empty>
          ) : (
            <Editor kind={kind} name={name} isNew={definition === undefined} beginning={definition ?? KINDS[kind].begin(app)} app={app} />
          )
        }
      </Remote>
    </Page>
  );
}

const LOADERS: Readonly<Record<Kind, (name: string, signal: AbortSignal) => Promise<Omit<Found, "app">>>> = {
  async stream(name, signal) {
    const found = await orNone(get<Definition>(segments("streams", name), signal));
    if (!found) return {};
    if (found.origin === "code") return { isInCode: true };
    const { description, key, events, facts, strict } = found;
    const schemas = Object.values(events as object);
    // Declared with `schema`, or with neither, or with `events`.
    const content = !facts ? { events, strict } : schemas.length === 1 ? { schema: schemas[0] } : {};
    return { definition: { ...content, key, description } };
  },
  async view(name, signal) {
    const { views } = await get<{ views: Definition[] }>(`/views${query({ name })}`, signal);
    return declared(views[0]);
  },
  async processor(name, signal) {
    return declared(await orNone(get<Definition>(segments("processors", name), signal)));
  },
  async source(name, signal) {
    return declared(await orNone(get<Definition>(segments("sources", name), signal)));
  },
};

function declared(found: Definition): Omit<Found, "app"> {
  if (found === undefined) return {};
  return found.origin === "code" ? { isInCode: true } : { definition: asEdited(found.definition) };
}

async function orNone<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { status?: number }).status === 404) return undefined;
    throw error;
  }
}
