import { AwsClient } from 'aws4fetch';
import { afterEach, expect, it } from 'vitest';
import { virtualClock } from '../../local/clock.ts';
import { bootInbox } from '../../local/inbox-cloud.ts';

const DAY_MS = 86_400_000;
const clock = virtualClock(Date.parse('2026-03-01T12:00:00Z'));
let inbox: Awaited<ReturnType<typeof bootInbox>> | undefined;
afterEach(() => inbox?.stop());

it('is still there when carriers have told what became of its texts', async () => {
  inbox = await bootInbox(clock);
  const { url } = inbox;
  const aws = new AwsClient({ accessKeyId: 'a', secretAccessKey: 's', region: 'us-east-1', service: 'sms-voice' });
  const send = (to: string) =>
    aws.fetch(url, {
      method: 'POST',
      headers: { 'x-amz-target': 'PinpointSMSVoiceV2.SendTextMessage', 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({
        DestinationPhoneNumber: to,
        OriginationIdentity: 'Shop',
        MessageBody: 'Hi',
        MessageType: 'TRANSACTIONAL',
      }),
    });
  expect((await send('+14255550100')).status).toBe(200);
  await clock.advance(DAY_MS);
  const answer = await fetch(`${url}/_local/inbox.json`);
  expect(await answer.json()).toMatchObject({ count: 1, messages: [{ to: '+14255550100' }] });
});
