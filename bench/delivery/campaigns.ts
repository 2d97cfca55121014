import type { Counts } from '../../local/meter.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';
import { type Bill, billPer } from './bills.ts';
import { openCrowd } from './crowd.ts';

/** The budget of a campaign, US dollars per million messages. */
const MOST_USD = 0.8;
/** Beyond what noise explains: time a message of the largest campaign, against the one before it. */
const LINEAR = 1.25;

type Campaign = { recipients: number; seconds: number; perSecond: number; bill: Bill };

/** One email to each of so many people: from the approval to the last outcome, in one process on this machine. */
const runCampaign = async (recipients: number): Promise<Campaign> => {
  const crowd = await openCrowd(recipients);
  try {
    const { cloud, startCampaign, api, as, finished } = crowd;
    const html = '<p>Hello {{ profile.attributes.name }}, <a href="https://example.com/spring">spring is here</a>.</p>';
    let before: Counts = {};
    let startedAt = 0;
    const id = await startCampaign({ email: { subject: 'Spring', html } }, { channelPolicy: ['email'] }, () => {
      before = cloud.meter.snapshot();
      startedAt = performance.now();
    });
    await finished(id);
    const seconds = (performance.now() - startedAt) / 1_000;
    const counts = cloud.meter.diff(before, cloud.meter.snapshot());
    const { sent } = await api.must<{ sent: number }>(`GET /v1/campaigns/${id}/report`, await as('viewer-vera'));
    if (sent !== recipients) throw new Error(`${sent} of ${recipients} were sent`);
    return { recipients, seconds, perSecond: recipients / seconds, bill: billPer(counts, sent) };
  } finally {
    await crowd.stop();
  }
};

const rowText = ({ recipients, seconds, perSecond, bill }: Campaign): string =>
  [
    recipients.toLocaleString('en').padStart(11),
    `${seconds.toFixed(1)} s`.padStart(10),
    perSecond.toFixed(0).padStart(12),
    bill.requests.toFixed(3).padStart(12),
    bill.writeUnits.toFixed(3).padStart(12),
    bill.usdPerMillion.toFixed(3).padStart(12),
  ].join('');

/** Campaigns of growing size: each takes as much time a message as the one before it. */
export const measureCampaigns = async (sizes: readonly number[], tell: (text: string) => void): Promise<Part> => {
  const campaigns: Campaign[] = [];
  for (const size of sizes) {
    tell(`A campaign to ${size.toLocaleString('en')} …`);
    campaigns.push(await runCampaign(size));
  }
  const [largest, before] = campaigns.toReversed();
  const growth = largest && before ? before.perSecond / largest.perSecond : undefined;
  return {
    figures: { campaigns, growth },
    text: `Campaigns by email through the local cloud, one run each
 recipients      time  a second  requests each  writes each  $ a million
${campaigns.map(rowText).join('\n')}`,
    bars: [
      ...bar('time a message, the largest beside the next', growth, LINEAR, '×'),
      ...bar('cost of the largest campaign', largest?.bill.usdPerMillion, MOST_USD, '$ per million'),
    ],
  };
};
