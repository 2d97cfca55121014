import type { CampaignReport } from '../../scripts/story.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';
import { type Crowd, openCrowd } from './crowd.ts';

const MINUTE_MS = 60_000;
/** A text message is within the budget, a WhatsApp message is not. */
const PRICES = { email: 0.0001, sms: 0.008, whatsapp: 0.05 };
const BUDGET = 0.02;

/** One in ten has no phone and must wait for email; one in ten has a number whose owner has sent STOP. */
const phoneOf = (n: number): string => {
  if (n % 10 === 0) return '';
  return n % 10 === 1 ? `+1555550${String((n - 1) / 10).padStart(4, '0')}` : `+1202${2_000_000 + n}`;
};

export type Outage = {
  people: number;
  /** Emails that were out before, and once it was over. */
  before: number;
  after: number;
  report: CampaignReport;
  /** Messages that providers took, by channel. */
  taken: Record<string, number>;
  /** People who got more than one. */
  twice: number;
  /** How often the breaker has opened for all, and calls that SES did not answer. */
  openings: number;
  /** Those without a phone whom email did not reach in the end. */
  forgotten: number;
};

/** Looks every so often, of the machine's time: on the virtual clock a whole campaign may take no time at all. */
const watch = (done: () => Promise<boolean>, everyMs = 10): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setInterval(async () => {
      try {
        if (!(await done())) return;
      } catch (error) {
        reject(error);
      }
      clearInterval(timer);
      resolve();
    }, everyMs);
  });

/**
 * Email goes down when a third of a campaign is out, for twelve minutes, then works again. Meanwhile people get an SMS where
 * the budget allows it, and those with nothing but an email wait.
 */
export const runOutage = async (people: number): Promise<Outage> => {
  const crowd: Crowd = await openCrowd(people, phoneOf);
  try {
    const { cloud, api, as, startCampaign, finished } = crowd;
    const { version } = await api.must<{ version: number }>('GET /v1/settings/delivery', await as('operator-oscar'));
    const settings = { version, frequencyCap: { touches: 5, hours: 168 }, prices: PRICES };
    await api.must('PUT /v1/settings/delivery', await as('operator-oscar', settings));

    const isThird = async () => (await cloud.inbox.count()) >= people / 3;
    const down = watch(isThird).then(() => cloud.breakProvider('email', true));
    const text = 'Hello {{ profile.attributes.name }}, spring is here.';
    const template = {
      email: { subject: 'Spring', html: `<p>${text}</p>` },
      sms: { text },
      whatsapp: { template: 'spring', language: 'en', parameters: ['{{ profile.attributes.name }}'] },
    };
    const id = await startCampaign(template, { channelPolicy: ['email', 'sms', 'whatsapp'], budget: BUDGET });
    await cloud.clock.advanceUntil(isThird, 10 * MINUTE_MS);
    await down;
    await cloud.clock.advance(12 * MINUTE_MS);
    const emails = async () => (await cloud.inbox.list({ channel: 'email', limit: -1 })).length;
    const before = await emails();
    cloud.breakProvider('email', false);
    await finished(id);

    const report = await api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));
    const inbox = await cloud.inbox.list({ limit: -1 });
    const personOf = new Map(
      Array.from({ length: people }, (_, n) => n).flatMap((n) => [
        [`p${n}@example.com`, n],
        [phoneOf(n), n],
      ]),
    );
    const reached = Map.groupBy(inbox, ({ to }) => personOf.get(to));
    const withoutPhone = Array.from({ length: people }, (_, n) => n).filter((n) => phoneOf(n) === '');
    return {
      people,
      before,
      after: (await emails()) - before,
      report,
      taken: Object.fromEntries(
        [...Map.groupBy(inbox, ({ channel }) => channel)].map(([channel, some]) => [channel, some.length]),
      ),
      twice: [...reached.values()].filter((messages) => messages.length > 1).length,
      openings: cloud.logs('send-email').filter((line) => line.includes('breaker of a provider has opened')).length,
      forgotten: withoutPhone.filter((n) => !reached.has(n)).length,
    };
  } finally {
    await crowd.stop();
  }
};

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, count) => all + count, 0);
/** Everybody has one end in the report, and it says what the providers took. */
const unexplained = ({ people, report, taken }: Outage): number =>
  Math.abs(people - report.sent - sum(report.skipped) - sum(report.failed)) + Math.abs(report.sent - sum(taken));

export const measureOutage = async (people: number): Promise<Part> => {
  const outage = await runOutage(people);
  const { before, after, report, twice, openings, forgotten } = outage;
  return {
    figures: { outage },
    text: `Email goes down in the middle of a campaign to ${people.toLocaleString('en')}, for twelve minutes
  ${before} emails before, then ${report.byChannel.sms ?? 0} SMS, ${report.skipped['over-budget'] ?? 0} over budget; ${after} emails afterwards; the breaker opened ${openings}×`,
    bars: [
      ...bar('recipients that the report does not explain', unexplained(outage), 0, 'people'),
      ...bar('people who got it twice', twice, 0, 'people'),
      ...bar('people who wait for email and are forgotten', forgotten, 0, 'people'),
      ...bar('messages over the budget', outage.taken.whatsapp ?? 0, 0, 'messages'),
      ...bar('breaker', openings, 1, 'openings', true),
    ],
  };
};
