/**
 * Commands and events: a form for each from its schema, what it would do now, then what it did. The address holds the stream and the command, so
 * that other pages lead here with both.
 */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import type { Schema } from "../../parts/schema.ts";
import type { AppReport, CategoryDefinition } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { segments, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { SendCommand } from "./command.tsx";
import { SendEvent } from "./event.tsx";
import "./commands.css";

export function CommandsPage() {
  const app = useGet<AppReport>("/app");
  return (
    <Page title="Send">
      <Remote of={app}>
        {({ categories }) =>
          categories.length === 0 ? (
            <Empty title="There is nothing to send to">
              <p>
                <Link href={to.declare("stream")}>Declare a stream</Link>, then append events to it. Commands are for aggregates, which the
                app’s code declares.
              </p>
            </Empty>
          ) : (
            <Chosen categories={categories} />
          )
        }
      </Remote>
    </Page>
  );
}

function Chosen({ categories }: { categories: AppReport["categories"] }) {
  const [parameters, change] = useQuery();
  const category = parameters.get("category") ?? categories[0]!.name;
  const definition = useGet<CategoryDefinition>(segments("streams", category));
  return (
    <>
      <div class="to">
        <label class="field">
          Category
          <select value={category} onChange={({ currentTarget }) => change({ category: currentTarget.value, command: undefined }, true)}>
            {categories.some(({ name }) => name === category) ? null : <option>{category}</option>}
            {categories.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="field">
          Stream’s id
          <input
            dir="auto"
            autocomplete="off"
            spellcheck={false}
            value={parameters.get("id") ?? ""}
            placeholder={definition.value?.commands ? "42" : "empty: the store finds the stream"}
            onChange={({ currentTarget }) => change({ id: currentTarget.value })}
          />
        </label>
        {definition.value ? <Names definition={definition.value} name={parameters.get("command")} change={change} /> : null}
      </div>
      <Remote of={definition} lines={8}>
        {(value) => (
          <Sender definition={value} id={parameters.get("id") ?? ""} name={parameters.get("command") ?? namesOf(value)[0] ?? ""} />
        )}
      </Remote>
    </>
  );
}

function namesOf({ commands, events }: CategoryDefinition): string[] {
  return Object.keys(commands ?? events);
}

interface NamesProps {
  definition: CategoryDefinition;
  name: string | null;
  change: (changes: Record<string, string>, isStep?: boolean) => void;
}

/** The command, or the event's type: which may be any where the category is not strict. */
function Names({ definition, name, change }: NamesProps) {
  const { commands, strict, facts } = definition;
  const names = namesOf(definition);
  const label = commands ? "Command" : "Event type";
  if (!commands && (names.length === 0 || (!strict && !facts))) {
    return (
      <label class="field">
        {label}
        <input
          list="types"
          autocomplete="off"
          value={name ?? names[0] ?? ""}
          onChange={({ currentTarget }) => change({ command: currentTarget.value }, true)}
        />
        <datalist id="types">
          {names.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </datalist>
      </label>
    );
  }
  return names.length === 0 ? null : (
    <label class="field">
      {label}
      <select value={name ?? names[0]} onChange={({ currentTarget }) => change({ command: currentTarget.value }, true)}>
        {names.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function Sender({ definition, id, name }: { definition: CategoryDefinition; id: string; name: string }) {
  const { commands, events, kind, description } = definition;
  const about = description === undefined ? null : <p class="dim">{description}</p>;
  // Another command begins with a form of its own.
  const key = `${definition.name} ${name}`;
  if (kind === "plain") {
    return (
      <>
        {about}
        <SendEvent
          key={key}
          definition={definition}
          id={id}
          type={name}
          schema={(Object.hasOwn(events, name) ? events[name] : true) as Schema}
        />
      </>
    );
  }
  const command = commands && Object.hasOwn(commands, name) ? commands[name] : undefined;
  return (
    <>
      {about}
      {command ? (
        <SendCommand key={key} category={definition.name} id={id} command={name} schema={command.schema as Schema} />
      ) : (
        <Empty
          title={
            name === "" ? `${definition.name} takes no commands from clients` : `${definition.name} has no command ${name} for clients`
          }
        >
          <p>Timers and processors send it its internal commands.</p>
        </Empty>
      )}
    </>
  );
}
