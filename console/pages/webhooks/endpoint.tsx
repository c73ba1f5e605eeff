/** One webhook: whether its endpoint takes what it is sent, what waits, and everything that can be done about it. */

import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { Act, Button } from "../../parts/act.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Figure, Status, Time, count, counted } from "../../parts/show.tsx";
import { segments, to } from "../../store/paths.ts";
import { type Resource, useGet } from "../../store/resource.ts";
import { whyNot } from "../../store/rights.ts";
import { Failed } from "../consumers/failed.tsx";
import { Deliveries } from "./deliveries.tsx";
import { Replay } from "./replay.tsx";
import { Secret } from "./secret.tsx";
import { Settings } from "./settings.tsx";
import { type WebhookReport, rate, wants } from "./webhook.ts";

/** Milliseconds between two looks. */
const EVERY = 2_000;

export function Endpoint({ id }: { id: string }) {
  const report = useGet<WebhookReport>(segments("webhooks", id), { every: EVERY });
  return (
    <Page title={report.value?.url ?? id} actions={report.value && <Actions of={report.value} changed={report.reload} />}>
      <Remote of={report} lines={20}>
        {(of) => <Content of={of} report={report} />}
      </Remote>
    </Page>
  );
}

function Content({ of, report }: { of: WebhookReport; report: Resource<WebhookReport> }) {
  const { totals, health, blocked, disabled, lastError } = of;
  return (
    <>
      <p>
        <Status is={of.status} /> It is sent {wants(of)}. <Link href={to.consumer(of.id)}>How far it is</Link>
      </p>
      {disabled ? (
        <p class="failure" role="status">
          It was switched off <Time at={disabled.at} />:{" "}
          {disabled.reason === "gone" ? "the endpoint answered 410, which means never again." : "five days passed without a success."}{" "}
          Events wait in the log; “Switch on” sends them.
        </p>
      ) : null}
      {lastError ? (
        <Failed
          error={lastError}
          attempts={of.attempts}
          says={of.status === "paused" ? "It is paused." : disabled ? "" : "It tries again by itself."}
        />
      ) : null}
      <dl class="figures">
        <Figure title="Arrived, 24 h">{rate(of)}</Figure>
        <Figure title="Delivered">{count(totals.delivered)}</Figure>
        <Figure title="Failed attempts">{count(totals.failed)}</Figure>
        <Figure title="Pending">{count(of.pending)}</Figure>
        <Figure title="Parked" isBad={of.parked > 0}>
          {count(of.parked)}
        </Figure>
        <Figure title="Last success">{health.lastSuccessAt ? <Time at={health.lastSuccessAt} /> : "–"}</Figure>
      </dl>
      {blocked ? (
        <p>
          {counted(blocked.streams, "stream")} {blocked.streams === 1 ? "waits" : "wait"} behind a delivery that failed, the first since{" "}
          <Time at={blocked.since} />. {blocked.fullSince ? "That is the limit: it takes no further event. " : ""}
          <Link href={`${to.webhook(of.id)}?status=pending`}>Which ones</Link>
        </p>
      ) : null}
      {health.nextAttemptAt ? (
        <p>
          The endpoint is left alone until <Time at={health.nextAttemptAt} />, because several streams failed or it asked for it.
        </p>
      ) : null}
      <Deliveries of={of} changed={report.reload} />
      <Replay of={of} changed={report.reload} />
      <Section title="Settings">
        <dl class="pairs">
          {Object.entries({
            Id: of.id,
            Description: of.description,
            Headers: of.headers?.join(", "),
            Condition: of.where && JSON.stringify(of.where),
            "At most": of.rate && `${of.rate} deliveries/s`,
            "At the same time": of.concurrency,
            Body: of.format ?? "event",
            Signatures: of.asymmetric ? "HMAC-SHA256 and Ed25519" : "HMAC-SHA256",
            Origin: of.origin === "code" ? "in code" : "over HTTP",
          }).map(([name, value]) =>
            value ? (
              <>
                <dt>{name}</dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </>
            ) : null,
          )}
        </dl>
      </Section>
    </>
  );
}

function Actions({ of, changed }: { of: WebhookReport; changed: () => void }) {
  const [, navigate] = useLocation();
  const [isChanging, change] = useState(false);
  const [rotated, setRotated] = useState<{ secret: string; previousUntil: string }>();
  const path = segments("webhooks", of.id);
  const inCode = of.origin === "code" ? "It is declared in code: change it there." : undefined;
  const reason = inCode ?? whyNot("admin");
  const isOff = of.status === "paused" || of.status === "failed";
  return (
    <>
      <Act
        label="Test"
        right="admin"
        call={{ method: "POST", path: `${path}/test` }}
        done={({ delivered, response, error, durationMs }: { delivered: boolean; response?: number; error?: string; durationMs: number }) =>
          `${delivered ? "The test arrived" : "The test failed"}: ${response === undefined ? error : `the endpoint answered ${response}`} after ${count(durationMs)} ms.`
        }
      />
      <Act
        label={of.status === "failed" ? "Switch on" : isOff ? "Resume" : "Pause"}
        right="admin"
        isPrimary={isOff}
        call={{ method: "PATCH", path, body: { paused: !isOff } }}
        before={async () =>
          isOff
            ? `It goes on after position ${count(of.position)}, with everything that waits.`
            : "Nothing is sent. Events wait in the log."
        }
        done={() => (isOff ? "It sends again." : "It is paused.")}
        then={changed}
      />
      <Button label="Change" off={reason} onClick={() => change(true)} />
      <Act
        label="Rotate the secret"
        right="admin"
        off={inCode}
        call={{ method: "POST", path: `${path}/rotate-secret` }}
        before={async () => "A new secret is made and shown once. The present one also signs for 24 hours."}
        done={() => "There is a new secret."}
        then={setRotated}
      />
      <Act
        label="Delete"
        right="admin"
        isDangerous
        off={inCode}
        call={{ method: "DELETE", path }}
        before={async () =>
          `Nothing is sent to it any more. ${counted(of.pending, "pending delivery", "pending deliveries")} and ${counted(of.parked, "parked one")} are dropped with its ledger. Events stay in the log.`
        }
        done={() => "The webhook is deleted."}
        then={() => navigate("/webhooks")}
      />
      <Dialog title="Change" isOpen={isChanging} onClose={() => change(false)}>
        <Settings
          of={of}
          done={() => {
            change(false);
            changed();
          }}
        />
      </Dialog>
      <Secret secret={rotated?.secret} close={() => setRotated(undefined)}>
        <p>
          The one before also signs until <Time at={rotated?.previousUntil ?? ""} />.
        </p>
      </Secret>
    </>
  );
}
