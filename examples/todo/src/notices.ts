/**
 * Mails to stakeholders, by a mail service. Stored names: `notice` and its events, and `notifier`, which is part of the keys of the calls.
 *
 * A mail is requested at least once, always under the same `Idempotency-Key`, and never again once its outcome is stored: a service that
 * recognises the key sends it once.
 */

import { type EffectContext, category, effect, event } from "headspring";
import * as z from "zod";
import { todo } from "./todo.ts";

/** The outcomes, in a stream for each todo. */
export const notice = category("notice", {
  events: {
    StakeholderNotifiedOfTodoCompletion: z.object({ notified_on: z.iso.date() }),
    StakeholderNotifiedOfStopWork: z.object({ notified_on: z.iso.date() }),
    /** The service does not accept it, could not be reached for too long, or is not configured. */
    StakeholderNotNotified: z.object({ reason: z.string() }),
  },
});

export const notifier = effect("notifier", {
  description: "Writes to the person who waits for a todo that it is completed, or that nobody works on it any more.",
  from: todo,
  records: notice,
  timeout: "5s",
  retry: { attempts: 5, delay: "2s" },
  on: {
    CompletionNoticeDue: async ({ data, recordedAt }, outside) => {
      const refused = await send(outside, data.stakeholder_email, `Completed: ${data.title}`);
      return refused ?? event("StakeholderNotifiedOfTodoCompletion", { notified_on: recordedAt.slice(0, 10) });
    },
    StopWorkNoticeDue: async ({ data, recordedAt }, outside) => {
      const refused = await send(outside, data.stakeholder_email, `Stopped: ${data.title}`);
      return refused ?? event("StakeholderNotifiedOfStopWork", { notified_on: recordedAt.slice(0, 10) });
    },
  },
  // One mail that cannot be sent does not hold up the others.
  otherwise: (_event, error) => event("StakeholderNotNotified", { reason: String(error) }),
});

async function send({ fetch, variable }: EffectContext, email: string, message: string) {
  let service: string;
  try {
    service = variable("MAIL_URL");
  } catch (error) {
    return event("StakeholderNotNotified", { reason: String(error) }); // no service: trying again would not help
  }
  const answer = await fetch(`${service}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, message }),
  });
  if (answer.ok) return undefined;
  if (answer.status < 500) return event("StakeholderNotNotified", { reason: `the mail service answered ${answer.status}` });
  throw new Error(`the mail service answered ${answer.status}`); // tried again
}
