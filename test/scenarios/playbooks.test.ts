import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Playbook } from '../../core/strategy/playbook/playbook.ts';
import { playbooks } from '../../core/strategy/playbooks/library.ts';
import { examplesOf } from '../core/strategy/playbooks/samples.ts';
import { bootLocal, type LocalHerald, localTest } from './boot.ts';
import { addPerson, approve, submit } from './people.ts';
import { PLAYBOOK_STORIES } from './playbook-stories.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Made = {
  segments: { id: string }[];
  plan: { kind: Playbook['plan']['kind']; id: string };
};

/** Event types of the playbook's own, so that nobody takes part in another story. */
const ownEvents = ({ id, parameters }: Playbook): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, parameter]) =>
      parameter.kind === 'event' ? [[name, `${id}.${parameter.default}`]] : [],
    ),
  );

/** Shorter than its default, so that a week tells it all. */
const CHANGED: Record<string, object> = { sunset: { wait: { days: 6 } } };

/** Starts from the playbook, and has a second person put the plan in force. */
const run = async (herald: LocalHerald, playbook: Playbook): Promise<void> => {
  const { api, as } = herald;
  const parameters = { ...examplesOf(playbook), ...ownEvents(playbook), ...CHANGED[playbook.id] };
  const made = await api.must<Made>(
    `POST /v1/playbooks/${playbook.id}/instantiate`,
    await as('marketer-mia', { parameters, languages: ['en', 'zh'], name: playbook.id }),
  );
  const { kind, id } = made.plan;
  if (kind === 'trigger') {
    await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version: 1 }));
  } else if (kind === 'campaign') {
    await submit(herald, { id, version: 1, state: 'draft' });
    await approve(herald, { id, version: 2, state: 'in review' });
  } else {
    for (const segment of made.segments) {
      const path = `/v1/segments/${segment.id}/live`;
      await api.must(`PUT ${path}`, await as('marketer-mia', { refresh: 'daily' }));
      await herald.until<{ state: string }>(`GET ${path}`, 'marketer-mia', ({ state }) => state === 'live', HOUR);
    }
    const { defects } = await api.must<{ defects: object[] }>(
      `POST /v1/journeys/${id}/validate`,
      await as('marketer-mia', {}),
    );
    expect(defects, playbook.id).toEqual([]);
    await api.must(`POST /v1/journeys/${id}/publish`, await as('approver-ada', { version: 1 }));
  }
};

localTest(
  'its clock passes a week',
  'every playbook reaches who it is for, and leaves alone who has done it',
  async () => {
    const herald = await bootLocal({ days: true });
    const { api, cloud } = herald;
    const apiKey = await herald.connectSource('Shop');
    const people = PLAYBOOK_STORIES.flatMap(({ playbook, people: named }) =>
      Object.entries(named).map(([name, story]) => ({ playbook, name, ...story })),
    );
    for (const { name, locale = 'en', attributes = {} } of people) {
      await addPerson(herald, name, { email: `${name}@example.com`, locale, attributes });
    }
    const events = people.flatMap(({ playbook: id, name, did }) =>
      did.map(({ hour, event, ...changed }, n) => {
        const parameter = playbooks.find((one) => one.id === id)?.parameters[event];
        if (parameter?.kind !== 'event') throw new Error(`${id} has no event ${event}`);
        const properties = { ...parameter.properties, ...changed };
        return { hour, id: `${name}-${n}`, type: `${id}.${parameter.default}`, profileId: name, properties };
      }),
    );
    const startMs = cloud.clock.now();
    const send = async (told: typeof events, time?: (hour: number) => string) => {
      const body = { events: told.map(({ hour, ...event }) => ({ ...event, ...(time && { time: time(hour) }) })) };
      await api.must('POST /v1/events', { apiKey, body });
      await cloud.clock.idle();
    };
    // What happened before anything was started.
    const isPast = ({ hour }: { hour: number }) => hour < 0;
    await send(events.filter(isPast), (hour) => new Date(startMs + hour * HOUR).toISOString());
    await cloud.clock.advance(2 * MINUTE);

    for (const playbook of playbooks) await run(herald, playbook);
    await cloud.clock.advance(10_000);
    const beganMs = cloud.clock.now();
    const hours = [...new Set(events.filter((one) => !isPast(one)).map(({ hour }) => hour))].sort((a, b) => a - b);
    for (const hour of hours) {
      await cloud.clock.advance(Math.max(0, beganMs + hour * HOUR - cloud.clock.now()));
      await send(events.filter((one) => one.hour === hour));
    }
    await cloud.clock.advance(beganMs + 8 * DAY - cloud.clock.now());

    const messages = (await cloud.inbox.list({ limit: -1 })).toReversed();
    const got = people.map(({ name }) => [
      name,
      messages.filter(({ to }) => to === `${name}@example.com`).map(({ title }) => title),
    ]);
    expect(Object.fromEntries(got)).toEqual(Object.fromEntries(people.map(({ name, gets }) => [name, gets])));
    const { attributes } = await api.must<{ attributes: object }>(
      'GET /v1/profiles/silent',
      await herald.as('viewer-vera'),
    );
    expect(attributes).toEqual({ sunset: true });
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
