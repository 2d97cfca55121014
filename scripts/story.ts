import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Client, client, type Upload, uploadFile } from './client.ts';
import type { Place } from './place.ts';
import { inventPerson, type Purchase, peopleCsv } from './purchases.ts';
import { ORDER_TEMPLATE, REWARD_TEMPLATE, WIN_BACK_TEMPLATE } from './story-templates.ts';

/**
 * The story of the demo, step by step, through the public API only. Every step is safe to repeat: creates carry an
 * Idempotency-Key, events their ids, so a story that was killed is simply told again.
 */
export const story = (cloud: Omit<Place, 'putOnBus'>) => {
  const api: Client = client(cloud.url);
  const token = (user: string) => cloud.tokens.demo(user);
  const as = async (user: string, body?: unknown, key?: string) => ({
    token: await token(user),
    ...(body !== undefined && { body }),
    ...(key && { idempotencyKey: key }),
  });
  const minute = 60_000;
  /** What Firehose holds goes to the lake now, so that no time passes and an audience is that of the clock's instant. */
  const lakeIsUpToDate = async () => {
    await cloud.clock.idle();
    cloud.flushLake();
  };

  /** Waits on the cloud's clock until the thing that `route` returns satisfies `done`. */
  const until = async <T>(route: string, user: string, done: (body: T) => boolean, maxMs: number): Promise<T> => {
    let last: T | undefined;
    const reached = await cloud.clock.advanceUntil(async () => {
      last = await api.must<T>(route, await as(user));
      return done(last);
    }, maxMs);
    if (!reached) throw new Error(`${route} did not get there: ${JSON.stringify(last)}`);
    return last as T;
  };

  return {
    api,
    as,
    until,

    /** Profiles by CSV import; returns what the import counted. */
    async importPeople(customers: readonly string[]) {
      const mapping = {
        customer_id: 'profileId',
        first_name: 'attributes.firstName',
        city: 'attributes.city',
        push_token: 'pushToken',
        phone: 'phone',
        email: 'email',
        push_ok: 'consent.push',
        sms_ok: 'consent.sms',
        email_ok: 'consent.email',
      };
      const created = await api.must<{ id: string; upload: Upload }>(
        'POST /v1/imports',
        await as('marketer-mia', { name: 'Customers', mapping }, 'story-import'),
      );
      const before = await api.must<{ state: string }>(`GET /v1/imports/${created.id}`, await as('marketer-mia'));
      if (before.state === 'created') {
        await uploadFile(created.upload, peopleCsv(customers.map(inventPerson)));
        await api.must(`POST /v1/imports/${created.id}/start`, await as('marketer-mia', {}));
      }
      type Import = { state: string; reason?: string; progress: { imported: number; refused: number } };
      const ended = (it: Import) => it.state === 'finished' || it.state === 'failed';
      const done = await until<Import>(`GET /v1/imports/${created.id}`, 'marketer-mia', ended, 60 * minute);
      if (done.state === 'failed') throw new Error(`the import failed: ${done.reason}`);
      return done.progress;
    },

    /**
     * A source with its API key. A key is shown only once and event ids are unique per source, so a story that will be
     * told again keeps the key in `keepIn`, and the second time it speaks for the same source.
     */
    async connectSource(name: string, keepIn?: string): Promise<string> {
      if (keepIn && existsSync(keepIn)) return readFileSync(keepIn, 'utf8');
      const { apiKey } = await api.must<{ apiKey: string }>(
        'POST /v1/sources',
        await as('admin-amir', { name, eventsPerSecond: 100_000 }),
      );
      if (keepIn) writeFileSync(keepIn, apiKey, { mode: 0o600 });
      return apiKey;
    },

    /** The history, 100 events a call, four calls at a time; returns how many were accepted. */
    async sendPurchases(apiKey: string, purchases: readonly Purchase[]): Promise<number> {
      let next = 0;
      let accepted = 0;
      const worker = async () => {
        while (next < purchases.length) {
          const events = purchases.slice(next, next + 100).map((purchase) => ({
            id: `purchase-${purchase.line}`,
            type: 'purchase',
            profileId: purchase.customer,
            time: new Date(purchase.timeMs).toISOString(),
            properties: { units: purchase.units, amount: purchase.amount },
          }));
          next += 100;
          const reply = await api.must<{ accepted: number }>('POST /v1/events', { apiKey, body: { events } });
          accepted += reply.accepted;
        }
      };
      await Promise.all(Array.from({ length: 4 }, worker));
      await lakeIsUpToDate();
      return accepted;
    },

    /** The audience of the win-back: bought at least twice, and not in the last 180 days. */
    async lapsedBuyers() {
      const segment = {
        all: [
          { event: 'purchase', count: { atLeast: 2 } },
          { event: 'purchase', last: { moreThanDaysAgo: 180 } },
        ],
      };
      const created = await api.must<{ id: string }>(
        'POST /v1/segments',
        await as('marketer-mia', { name: 'Lapsed buyers', segment }, 'story-segment'),
      );
      const preview = await api.must<{ size: number }>(
        'POST /v1/segments/preview',
        await as('marketer-mia', { segment }),
      );
      return { segmentId: created.id, size: preview.size };
    },

    /** Writes and submits the win-back; the author tries to approve it, and somebody else does. */
    async submitWinBack(segmentId: string) {
      const template = await api.must<{ id: string }>(
        'POST /v1/templates',
        await as('marketer-mia', WIN_BACK_TEMPLATE, 'story-template'),
      );
      const campaign = await api.must<{ id: string }>(
        'POST /v1/campaigns',
        await as(
          'marketer-mia',
          {
            name: 'We miss you',
            audience: { segmentId },
            templateId: template.id,
            channelPolicy: ['push', 'sms', 'email'],
            topic: 'win-back',
          },
          'story-campaign',
        ),
      );
      const path = `/v1/campaigns/${campaign.id}`;
      const now = await api.must<{ state: string; version: number }>(`GET ${path}`, await as('marketer-mia'));
      if (now.state === 'draft')
        await api.must(`POST ${path}/submit`, await as('marketer-mia', { version: now.version }));
      await cloud.clock.idle();
      // The author also holds the approver's role here, so that what refuses is the rule of four eyes, not the role.
      const both = await cloud.tokens.issue({ sub: 'marketer-mia', groups: ['marketer', 'approver'] });
      const self = await api.call(`POST ${path}/approve`, { token: both, body: {} });
      return { campaignId: campaign.id, selfStatus: self.status };
    },

    async approve(campaignId: string): Promise<number> {
      const path = `POST /v1/campaigns/${campaignId}/approve`;
      const { status } = await api.call(path, await as('approver-ada', { comment: 'Go.' }));
      return status;
    },

    async finished(campaignId: string) {
      type Campaign = { state: string; reason?: string };
      const ended = (it: Campaign) => ['finished', 'failed', 'cancelled'].includes(it.state);
      const done = await until<Campaign>(`GET /v1/campaigns/${campaignId}`, 'marketer-mia', ended, 24 * 60 * minute);
      if (done.state !== 'finished') throw new Error(`the campaign ended as ${done.state}: ${done.reason}`);
      await lakeIsUpToDate();
    },

    /** "Order placed → SMS at once", and "spend since a date reaches 999 → notice". */
    async armTriggers() {
      const sms = await api.must<{ id: string }>(
        'POST /v1/templates',
        await as('marketer-mia', ORDER_TEMPLATE, 'story-order-template'),
      );
      const notice = await api.must<{ id: string }>(
        'POST /v1/templates',
        await as('marketer-mia', REWARD_TEMPLATE, 'story-reward-template'),
      );
      const since = '1998-07-01T00:00:00Z';
      for (const [key, body] of [
        [
          'story-order',
          {
            name: 'Order placed',
            eventType: 'purchase',
            templateId: sms.id,
            channelPolicy: ['sms'],
            topic: 'orders',
            lane: 'transactional',
          },
        ],
        [
          'story-reward',
          {
            name: 'Reward at 999',
            eventType: 'purchase',
            window: { sum: 'amount', since, reaches: 999 },
            templateId: notice.id,
            channelPolicy: ['push', 'sms', 'email'],
            topic: 'rewards',
            lane: 'transactional',
          },
        ],
      ] as const) {
        const trigger = await api.must<{ id: string }>('POST /v1/triggers', await as('marketer-mia', body, key));
        const now = await api.must<{ state: string; version: number }>(
          `GET /v1/triggers/${trigger.id}`,
          await as('marketer-mia'),
        );
        if (now.state !== 'active') {
          await api.must(
            `POST /v1/triggers/${trigger.id}/activate`,
            await as('approver-ada', { version: now.version }),
          );
        }
      }
      // A changed trigger acts within ten seconds in a warm Lambda.
      if (cloud.clock.virtual) await cloud.clock.advance(10_000);
    },

    /**
     * One live purchase: the SMS that it caused, and how long that took, waits on the cloud's clock included. Undefined
     * when no SMS comes, as for an event that was sent before.
     */
    async livePurchase(apiKey: string, id: string, customer: string, amount: number) {
      const startedAt = performance.timeOrigin + performance.now();
      const startedMs = cloud.clock.now();
      const [newest] = await cloud.inbox.list({ limit: 1 });
      const last = newest?.id ?? 0;
      const event = { id, type: 'purchase', profileId: customer, properties: { units: 1, amount } };
      await api.must('POST /v1/events', { apiKey, body: { events: [event] } });
      await cloud.clock.idle();
      const to = inventPerson(customer).phone;
      const message = (await cloud.inbox.list({ channel: 'sms', to, after: last })).at(-1);
      if (!message) return undefined;
      const latencyMs = message.realMs - startedAt + (cloud.clock.virtual ? message.atMs - startedMs : 0);
      return { text: message.body, latencyMs };
    },

    async reports(campaignId: string, from: string, to: string) {
      const range = `from=${from}&to=${to}`;
      await lakeIsUpToDate();
      const today = new Date(cloud.clock.now() + 86_400_000).toISOString().slice(0, 10);
      const viewer = await as('viewer-vera');
      return {
        campaign: await api.must<CampaignReport>(`GET /v1/campaigns/${campaignId}/report`, viewer),
        reach: await api.must<ReachReport>(`GET /v1/reports/reach?from=1998-07-01&to=${today}`, viewer),
        repurchase: await api.must<RepurchaseReport>(
          `GET /v1/reports/repurchase?${range}&eventType=purchase&withinDays=90`,
          viewer,
        ),
      };
    },
  };
};

export type CampaignReport = {
  recipients: number;
  sent: number;
  byChannel: Record<string, number>;
  skipped: Record<string, number>;
  failed: Record<string, number>;
  moved: Record<string, Record<string, number>>;
};

export type ReachReport = { people: number; messages: number };
export type RepurchaseReport = { buyers: number; repeatBuyers: number; repeatedWithin: number };
