import type { Herald } from './boot.ts';

export type JourneyView = { id: string; version: number; state: string; hash?: string; running?: { state: string } };
export type Report = { entered: number; inside: number; ended: Record<string, number>; nodes: Record<string, object> };
export type ParticipantView = {
  state: string;
  node: string;
  entry: number;
  end?: { reason: string; detail?: string };
  steps: { node: string; way: string }[];
};

export const template = async (herald: Herald, text: string): Promise<string> => {
  const body = { name: text, channels: { sms: { text } } };
  return (await herald.api.must<{ id: string }>('POST /v1/templates', await herald.as('marketer-mia', body))).id;
};
export const sms = async (herald: Herald, text: string, next: string) => ({
  ...{ kind: 'message', templateId: await template(herald, text), channelPolicy: ['sms'], lane: 'transactional', next },
});
export const write = async (herald: Herald, journey: Record<string, unknown>): Promise<JourneyView> =>
  herald.api.must('POST /v1/journeys', await herald.as('marketer-mia', { topic: 'welcome', ...journey }));
export const publish = async (herald: Herald, { id, version }: JourneyView, inside?: string) => {
  const body = { version, ...(inside && { inside }) };
  const published = await herald.api.must<JourneyView>(
    `POST /v1/journeys/${id}/publish`,
    await herald.as('approver-ada', body),
  );
  await herald.cloud.clock.advance(10_000);
  return published;
};
export const participant = async (herald: Herald, id: string, profileId: string) =>
  herald.api.must<ParticipantView>(`GET /v1/journeys/${id}/participants/${profileId}`, await herald.as('marketer-mia'));
export const texts = async ({ cloud }: Herald, to: string) =>
  (await cloud.inbox.list()).filter((one) => one.to === to).map(({ body }) => body);
