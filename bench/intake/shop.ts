import { setTimeout as pause } from 'node:timers/promises';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { assembly } from '../../scripts/assembly.ts';
import { story } from '../../scripts/story.ts';

/** When one order was accepted and when its SMS reached the provider, ms on the machine's clock. */
export type Order = { postedMs: number; acceptedMs: number; providerMs?: number };

const PEOPLE = 200;
const phoneOf = (person: number) => `+1202555${String(person).padStart(4, '0')}`;
const nowMs = () => performance.timeOrigin + performance.now();

/** A changed trigger acts within this time. */
const TRIGGER_ACTS_WITHIN_MS = 10_000;

/**
 * A shop on the local cloud and the real clock whose every order is answered by an SMS at once: `placeOrders` posts
 * events, and what the provider was handed is found in the inbox by the number that the text names.
 */
export const openShop = async () => {
  const cloud: Cloud = await startCloud({ assembly: assembly('local'), clock: 'real' });
  const { api, as, connectSource } = story(cloud);
  const marketer = (body: unknown) => as('marketer-mia', body);
  for (let person = 0; person < PEOPLE; person += 1) {
    const path = `PUT /v1/profiles/buyer-${person}`;
    await api.must(path, await marketer({ phone: phoneOf(person), attributes: { tier: 'gold' } }));
    await api.must(`${path}/consents`, await marketer({ consents: { sms: true } }));
  }
  const text = '{{ event.properties.number }}';
  const template = await api.must<{ id: string }>(
    'POST /v1/templates',
    await marketer({ name: 'Order', channels: { sms: { text } } }),
  );
  const trigger = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await marketer({
      name: 'Order placed',
      eventType: 'order.placed',
      where: [{ property: 'number', atLeast: 0 }],
      templateId: template.id,
      channelPolicy: ['sms'],
      topic: 'orders',
      lane: 'transactional',
    }),
  );
  const { version } = trigger;
  await api.must(`POST /v1/triggers/${trigger.id}/activate`, await as('approver-ada', { version }));
  const apiKey = await connectSource('Shop');
  await pause(TRIGGER_ACTS_WITHIN_MS);

  const orders: Order[] = [];
  let lastSeen = 0;
  let unsent = 0;

  /** One call with that many orders; they are accepted when the answer is here. */
  const placeOrders = async (count: number): Promise<void> => {
    const postedMs = nowMs();
    const first = orders.length;
    for (let n = 0; n < count; n += 1) orders.push({ postedMs, acceptedMs: Number.NaN });
    unsent += count;
    const events = orders.slice(first).map((_, n) => ({
      id: `order-${first + n}`,
      type: 'order.placed',
      profileId: `buyer-${(first + n) % PEOPLE}`,
      properties: { number: first + n, total: 59.9, lines: [{ sku: 'A-1', quantity: 2 }] },
    }));
    const { accepted } = await api.must<{ accepted: number }>('POST /v1/events', { apiKey, body: { events } });
    if (accepted !== count) throw new Error(`${accepted} of ${count} orders were accepted`);
    for (const order of orders.slice(first, first + count)) order.acceptedMs = nowMs();
  };

  /** Reads the inbox; gives how many orders wait for their SMS. */
  const waiting = (): number => {
    for (const message of cloud.inbox.list({ after: lastSeen, limit: -1 })) {
      lastSeen = Math.max(lastSeen, message.id);
      const order = orders[Number(message.body)];
      if (!order || order.providerMs !== undefined) continue;
      order.providerMs = message.realMs;
      unsent -= 1;
    }
    return unsent;
  };

  /** Resolves when every order has its SMS; throws when that takes longer than `maxMs`. */
  const allSent = async (maxMs: number): Promise<void> => {
    const endsAt = performance.now() + maxMs;
    while (waiting() > 0) {
      if (performance.now() > endsAt) throw new Error(`${waiting()} orders have no SMS after ${maxMs} ms`);
      await pause(2);
    }
  };

  return { placeOrders, waiting, allSent, orders, stop: () => cloud.stop() };
};
export type Shop = Awaited<ReturnType<typeof openShop>>;
