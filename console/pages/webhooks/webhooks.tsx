/** Webhooks: the endpoints, and how well each takes what it is sent. */

import { useState } from "preact/hooks";
import { Link, useLocation, useRoute } from "wouter-preact";
import { Button } from "../../parts/act.tsx";
import { Curl } from "../../parts/curl.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, Time, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { AppReport } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { whyNot } from "../../store/rights.ts";
import { Endpoint } from "./endpoint.tsx";
import { Secret } from "./secret.tsx";
import { Settings } from "./settings.tsx";
import { type WebhookReport, rate, wants } from "./webhook.ts";
import { useQuery } from "../../store/location.ts";
import "./webhooks.css";

/** Milliseconds between two looks. */
const EVERY = 3_000;

export function WebhooksPage() {
  const [, parameters] = useRoute("/webhooks/:id");
  return parameters ? <Endpoint key={parameters.id} id={parameters.id} /> : <Webhooks />;
}

function Webhooks() {
  const all = useGet<{ webhooks: WebhookReport[] }>("/webhooks", { every: EVERY });
  const [, navigate] = useLocation();
  const [parameters] = useQuery();
  const isAdding = parameters.has("add");
  const [added, setAdded] = useState<WebhookReport & { secret: string }>();
  const add = (is: boolean) => navigate(is ? "/webhooks?add=" : "/webhooks", { replace: true });
  return (
    <Page title="Webhooks" actions={<Button label="Add a webhook" class="primary" off={whyNot("admin")} onClick={() => add(true)} />}>
      <Remote of={all} lines={8}>
        {({ webhooks }) => (webhooks.length === 0 ? <None /> : <List webhooks={webhooks} />)}
      </Remote>
      <Dialog title="Add a webhook" isOpen={isAdding} onClose={() => add(false)}>
        <Settings
          done={(made) => {
            add(false);
            setAdded(made as WebhookReport & { secret: string });
            all.reload();
          }}
        />
      </Dialog>
      <Secret secret={added?.secret} close={() => navigate(to.webhook(added!.id))} />
    </Page>
  );
}

function isUnwell({ status, health }: WebhookReport): boolean {
  return status === "failed" || health.failingSince !== undefined;
}

function List({ webhooks }: { webhooks: readonly WebhookReport[] }) {
  return (
    <Table
      label="Webhooks"
      rows={webhooks.toSorted((one, other) => Number(isUnwell(other)) - Number(isUnwell(one)))}
      keyOf={({ id }) => id}
      columns={[
        { title: "Status", cell: ({ status }) => <Status is={status} /> },
        {
          title: "Endpoint",
          cell: ({ id, url, description }) => (
            <>
              <Link href={to.webhook(id)}>
                <bdi>{url}</bdi>
              </Link>
              {description === undefined ? null : (
                <bdi class="dim cut" title={description}>
                  {description}
                </bdi>
              )}
            </>
          ),
        },
        { title: "Sends", cell: (webhook) => <bdi class="cut">{wants(webhook)}</bdi> },
        { title: "Arrived, 24 h", isNumber: true, cell: rate },
        { title: "Pending", isNumber: true, cell: ({ pending }) => count(pending) },
        { title: "Parked", isNumber: true, cell: ({ parked }) => count(parked) },
        { title: "Fails since", cell: ({ health: { failingSince } }) => failingSince && <Time at={failingSince} /> },
      ]}
    />
  );
}

function None() {
  const app = useGet<AppReport>("/app");
  const type = app.value?.categories.flatMap(({ events }) => events)[0]?.type;
  return (
    <Empty title="Nothing is sent anywhere yet">
      <p>A webhook sends events to a URL: signed, in order, at least once, for days if need be. Add one here, or with a call:</p>
      <Curl call={{ method: "POST", path: "/webhooks", body: { url: "https://example.com/", ...(type ? { types: [type] } : {}) } }} />
    </Empty>
  );
}
