/**
 * Mails, by a mail service. Stored names: `mail` and its events, and `mailing`, which is part of the keys of the calls.
 *
 * A mail is requested at least once, always under the same key, and never again once its outcome is stored. A service that recognises the
 * key (most do, by the header `Idempotency-Key`) sends it exactly once.
 */

import { type EffectContext, category, effect, event, streamIdOf } from "headspring";
import * as z from "zod";
import { room } from "./room.ts";
import { waitingList } from "./waiting-list.ts";

/** The outcomes, in a stream for each room. */
export const mail = category("mail", {
  events: {
    MailSent: z.object({ template: z.string(), to: z.string() }),
    /** The service does not accept it, or could not be reached for too long. */
    MailNotSent: z.object({ reason: z.string() }),
  },
});

type Template = "booked" | "cancelled" | "no-show" | "nothing-became-free";

export const mailing = effect("mailing", {
  description: "Writes to the organiser about each change that somebody should know.",
  from: [room, waitingList],
  records: mail,
  timeout: "5s",
  retry: { attempts: 5, delay: "2s" },
  on: {
    SlotBooked: ({ stream, data }, outside) => write(outside, "booked", stream, data),
    BookingCancelled: ({ stream, data }, outside) => write(outside, "cancelled", stream, data),
    NoShowReleased: ({ stream, data }, outside) => write(outside, "no-show", stream, data),
    WaiterLeft: ({ stream, data }, outside) => write(outside, "nothing-became-free", stream, data),
  },
  // One mail that cannot be sent does not hold up the others.
  otherwise: (_event, error) => event("MailNotSent", { reason: String(error) }),
});

interface Meeting {
  readonly begins: string;
  readonly ends: string;
  readonly title: string;
  readonly organiser: string;
}

async function write({ fetch, variable }: EffectContext, template: Template, stream: string, meeting: Meeting) {
  const { begins, ends, title, organiser } = meeting;
  const answer = await fetch(`${variable("MAIL_URL")}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: organiser, template, content: { room: streamIdOf(stream), begins, ends, title } }),
  });
  if (answer.status === 422) return event("MailNotSent", { reason: await answer.text() });
  if (!answer.ok) throw new Error(`the mail service answered ${answer.status}`);
  return event("MailSent", { template, to: organiser });
}
