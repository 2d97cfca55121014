import type { Lane } from '../../core/delivery/channel.ts';
import type { Part } from '../part.ts';
import { type Bill, billPer } from './bills.ts';
import { type Crowd, openCrowd } from './crowd.ts';

/** Calls under way at once, each with one order: as an app sends what happens, when it happens. */
const AT_ONCE = 10;

type Direct = { lane: Lane; messages: number; bill: Bill };

/** Each person orders once and gets an SMS of that lane: everything from the call of the API to the outcome is billed. */
const sendDirect = async (crowd: Crowd, apiKey: string, people: number, lane: Lane): Promise<Direct> => {
  const { cloud, create, api, as } = crowd;
  const eventType = `order.${lane}`;
  const template = await create('/v1/templates', { name: lane, channels: { sms: { text: 'Thank you!' } } });
  const { id, version } = await create('/v1/triggers', {
    ...{ name: lane, eventType, templateId: template.id, channelPolicy: ['sms'], topic: 'orders', lane },
  });
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10_000);
  await cloud.clock.idle();

  const seen = await cloud.inbox.count();
  const before = cloud.meter.snapshot();
  let next = 0;
  const shop = async () => {
    while (next < people) {
      const event = { id: `${lane}-${next}`, type: eventType, profileId: `p${next}`, properties: { amount: next } };
      next += 1;
      await api.must('POST /v1/events', { apiKey, body: { events: [event] } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shop));
  await cloud.clock.idle();
  await cloud.clock.advance(60_000);
  const counts = cloud.meter.diff(before, cloud.meter.snapshot());
  const messages = (await cloud.inbox.count()) - seen;
  if (messages !== people) throw new Error(`${messages} of ${people} messages were sent`);
  return { lane, messages, bill: billPer(counts, messages) };
};

/** What a message costs that one event causes. */
export const measureDirect = async (people: number): Promise<Part> => {
  const crowd = await openCrowd(people);
  try {
    const apiKey = await crowd.connectSource('Shop');
    const rows: Direct[] = [];
    for (const lane of ['transactional', 'promotional'] as const)
      rows.push(await sendDirect(crowd, apiKey, people, lane));
    const text = ({ lane, bill }: Direct) =>
      `  ${lane.padEnd(14)} ${bill.requests.toFixed(2)} requests, ${bill.writeUnits.toFixed(2)} write units each, $${bill.usdPerMillion.toFixed(2)} a million`;
    return {
      figures: { direct: rows },
      text: `One event, one SMS, each event a call of its own, ${people.toLocaleString('en')} of each lane\n${rows.map(text).join('\n')}`,
      bars: [],
    };
  } finally {
    await crowd.stop();
  }
};
