import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { playbookById, playbooks } from '../../core/strategy/playbooks/library.ts';
import { attributesOf, eventOf, examplesOf } from '../core/strategy/playbooks/samples.ts';
import { bootLocal, localTest } from './boot.ts';
import type { LocalHerald } from './everywhere.ts';
import { addPerson, approve, submit } from './people.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Made = { segments: { id: string }[]; plan: { kind: 'trigger' | 'campaign'; id: string } };

/** Starts from the playbook, and has a second person put the plan in force. */
const run = async (herald: LocalHerald, playbookId: string): Promise<Made> => {
  const { api, as } = herald;
  const playbook = playbookById(playbookId);
  if (!playbook) throw new Error(`There is no playbook ${playbookId}`);
  const body = { parameters: examplesOf(playbook), languages: ['en', 'zh'], name: playbookId };
  const made = await api.must<Made>(`POST /v1/playbooks/${playbookId}/instantiate`, await as('marketer-mia', body));
  const { kind, id } = made.plan;
  if (kind === 'trigger') {
    await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version: 1 }));
  } else {
    await submit(herald, { id, version: 1, state: 'draft' });
    await approve(herald, { id, version: 2, state: 'in review' });
  }
  return made;
};

/** A shop's app: events whose ids count up, with the properties of the playbook's example unless said otherwise. */
const shopOf = async (herald: LocalHerald) => {
  const apiKey = await herald.connectSource('Shop');
  let sent = 0;
  return async (
    playbookId: string,
    event: string,
    profileId: string,
    { time, ...changed }: { time?: string; [property: string]: unknown } = {},
  ) => {
    sent += 1;
    const { type, properties } = eventOf(playbookById(playbookId) as never, event);
    const told = { id: `e${sent}`, type, profileId, ...(time && { time }), properties: { ...properties, ...changed } };
    await herald.api.must('POST /v1/events', { apiKey, body: { events: [told] } });
    await herald.cloud.clock.idle();
  };
};

/** What each of these people got, oldest first: emails by their subject, the others by their text. */
const gotBy = async ({ cloud }: LocalHerald, ...names: string[]): Promise<Record<string, string[]>> => {
  const messages = (await cloud.inbox.list({ limit: -1 })).toReversed();
  return Object.fromEntries(
    names.map((name) => [
      name,
      messages.filter(({ to }) => to === `${name}@example.com`).map(({ title, body }) => title || body),
    ]),
  );
};

localTest(
  'its clock passes weeks',
  'every playbook that needs no journey reaches who it is for, and nobody else',
  async () => {
    const herald = await bootLocal({ days: true });
    const { cloud } = herald;
    const attributes = Object.assign({}, ...playbooks.map(attributesOf)) as Record<string, string | number>;
    const person = (name: string, locale = 'en') =>
      addPerson(herald, name, { email: `${name}@example.com`, locale, attributes });
    for (const name of [
      'payer',
      'debtor',
      'saver',
      'spender',
      'watcher',
      'waiter',
      'critic',
      'silent',
      'lapsed',
      'loyal',
    ])
      await person(name);
    await person('wang', 'zh-CN');
    const shop = await shopOf(herald);
    for (const { id, plan } of playbooks) if (plan.kind === 'trigger') await run(herald, id);
    await cloud.clock.advance(10_000);

    // Two orders, of which one is paid.
    await shop('payment-reminder', 'orderPlaced', 'payer', { orderId: 'P-1' });
    await shop('payment-reminder', 'orderPlaced', 'debtor', { orderId: 'D-1' });
    await shop('payment-reminder', 'orderPlaced', 'wang', { orderId: 'W-1' });
    await cloud.clock.advance(10 * MINUTE);
    await shop('payment-reminder', 'orderPaid', 'payer', { orderId: 'P-1' });
    // Two coupons, of which one is used.
    await shop('coupon-expiry', 'couponIssued', 'saver', { code: 'S-1' });
    await shop('coupon-expiry', 'couponIssued', 'spender', { code: 'S-2' });
    // A product is cheaper by a lot, and for another by a little; one is back.
    await shop('price-drop', 'priceDropped', 'watcher');
    await shop('price-drop', 'priceDropped', 'silent', { percentOff: 2 });
    await shop('back-in-stock', 'restocked', 'waiter');
    // Two deliveries, of which one is reviewed.
    await shop('review-request', 'orderDelivered', 'critic', { orderId: 'C-1' });
    await shop('review-request', 'orderDelivered', 'waiter', { orderId: 'C-2' });
    await cloud.clock.advance(HOUR);
    await shop('coupon-expiry', 'couponRedeemed', 'spender', { code: 'S-2' });
    await shop('review-request', 'reviewPosted', 'critic', { orderId: 'C-1' });
    // Together they reach 999; somebody else's do not.
    for (const total of [500, 499.5]) {
      await shop('payment-reminder', 'orderPlaced', 'spender', { orderId: `T-${total}`, total });
      await cloud.clock.advance(MINUTE);
      await shop('payment-reminder', 'orderPaid', 'spender', { orderId: `T-${total}`, total });
    }
    await cloud.clock.advance(9 * DAY);

    const asked = ['payer', 'debtor', 'wang', 'saver', 'spender', 'watcher', 'silent', 'waiter', 'critic'];
    expect(await gotBy(herald, ...asked)).toEqual({
      payer: [],
      debtor: ['Order D-1: one step to go'],
      wang: ['订单W-1待支付'],
      saver: ['Your coupon S-1 expires soon'],
      spender: ['You have earned 10% off'],
      watcher: ['Price drop: Linen shirt for $39'],
      silent: [],
      waiter: ['Back in stock: Linen shirt', 'How do you like Linen shirt?'],
      critic: [],
    });

    // Months later, those who have not come back.
    const longAgo = new Date(cloud.clock.now() - 200 * DAY).toISOString();
    await shop('win-back', 'orderPlaced', 'lapsed', { time: longAgo });
    await shop('win-back', 'orderPlaced', 'loyal', { time: longAgo });
    await shop('win-back', 'orderPlaced', 'loyal');
    await cloud.clock.advance(2 * MINUTE);
    const { plan } = await run(herald, 'win-back');
    await herald.finished(plan.id);
    expect(await gotBy(herald, 'lapsed', 'loyal')).toEqual({
      lapsed: ['It has been a while: 10% off for you'],
      loyal: [],
    });
  },
);

const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!hasTools) console.warn('SKIPPED: the commands of docs/playbooks.md need bash and curl');

localTest('its commands start things', 'the commands of docs/playbooks.md do what it says', async () => {
  if (!hasTools) return;
  const page = readFileSync(join(import.meta.dirname, '../../docs/playbooks.md'), 'utf8');
  const script = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => code).join('\n');
  const herald = await bootLocal();
  const cwd = mkdtempSync(join(tmpdir(), 'herald-docs-'));
  const env = { ...process.env, API: herald.cloud.url, TOKEN: await herald.cloud.tokens.demo('marketer-mia') };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env,
    timeout: 25_000,
  });
  expect(stdout).toContain('"missing":{"eventTypes":["order.placed"]');
  const started = JSON.parse(readFileSync(join(cwd, 'started.json'), 'utf8'));
  expect(started).toMatchObject({ playbook: 'win-back', plan: { kind: 'campaign', name: 'Come back in spring' } });
  const segment = await herald.api.must(`GET /v1/segments/${started.segments[0].id}`, await herald.as('viewer-vera'));
  expect(segment).toMatchObject({ segment: { all: [{}, { last: { moreThanDaysAgo: 120 } }] } });
});
