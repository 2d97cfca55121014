import { setTimeout as wait } from 'node:timers/promises';
import type { InboxMessage, InboxQuery } from '../../local/inbox.ts';
import { awsJson } from '../../scripts/aws-json.ts';
import type { Emulator } from '../../scripts/emulator.ts';
import type { Place } from '../../scripts/place.ts';

const POLL_MS = 250;
/** Waited for at most, however much virtual time a test allows. */
const PATIENCE_MS = 90_000;
/** A changed trigger, cap or campaign state is known everywhere after this long. */
const STALE_MS = 10_000;
const PASSWORD = 'Emulated-1-password';

type Sent = { MessageId: string; To: string[]; Subject: string; BodyHtml: string; Timestamp: number };

/** Herald as it was deployed to the emulator, from outside: HTTP and the APIs of AWS only. */
export const emulatorPlace = async ({ url: endpoint, inboxUrl, outputs }: Emulator): Promise<Place> => {
  const aws = awsJson(endpoint);
  const own = Object.assign({}, ...Object.values(outputs)) as Record<string, string>;
  const api = /\/\/(\w+)\./.exec(own.ApiUrl ?? '')?.[1];

  const cognito = (action: string, body: object) =>
    aws<{ AuthenticationResult: { IdToken: string }; Groups: { GroupName: string }[] }>(
      'cognito-idp',
      `AWSCognitoIdentityProviderService.${action}`,
      { UserPoolId: own.UserPoolId, ...body },
    );
  /** An administrator's sign-in for somebody who is in exactly these groups. The first time it makes the person. */
  const issue: Place['tokens']['issue'] = async ({ sub, groups }) => {
    const Username = `${sub}@example.com`;
    const made = await cognito('AdminCreateUser', {
      Username,
      MessageAction: 'SUPPRESS',
      UserAttributes: [
        { Name: 'email', Value: Username },
        { Name: 'email_verified', Value: 'true' },
      ],
    }).catch((error: Error) => (/UsernameExists/.test(error.message) ? undefined : Promise.reject(error)));
    if (made) await cognito('AdminSetUserPassword', { Username, Password: PASSWORD, Permanent: true });
    const { Groups } = await cognito('AdminListGroupsForUser', { Username });
    const now = Groups.map(({ GroupName }) => GroupName);
    for (const GroupName of now.filter((one) => !groups.includes(one)))
      await cognito('AdminRemoveUserFromGroup', { Username, GroupName });
    for (const GroupName of groups.filter((one) => !now.includes(one)))
      await cognito('AdminAddUserToGroup', { Username, GroupName });
    const { AuthenticationResult } = await cognito('AdminInitiateAuth', {
      ClientId: own.UserPoolClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: Username, PASSWORD },
    });
    return AuthenticationResult.IdToken;
  };

  const { QueueUrls } = await aws<{ QueueUrls: string[] }>('sqs', 'AmazonSQS.ListQueues', {});
  /** Messages that wait or are being worked on, dead letters apart. */
  const underWay = async () => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const counts = await Promise.all(
      QueueUrls.filter((url) => /\/Herald\w*-emulator-/.test(url) && !/DeadLetters/.test(url)).map(async (QueueUrl) => {
        const body = { QueueUrl, AttributeNames: names };
        const { Attributes } = await aws<{ Attributes: Record<string, string> }>(
          'sqs',
          'AmazonSQS.GetQueueAttributes',
          body,
        );
        return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
      }),
    );
    return counts.reduce((a, b) => a + b, 0);
  };
  const until = async (check: () => Promise<boolean>, maxMs: number) => {
    const end = Date.now() + Math.min(maxMs, PATIENCE_MS);
    for (;;) {
      if (await check()) return true;
      if (Date.now() > end) return false;
      await wait(POLL_MS);
    }
  };
  /** Quiet twice in a row: what has left one queue may not have reached the next. */
  const idle = async () => {
    let quiet = 0;
    const still = async () => {
      quiet = (await underWay()) === 0 ? quiet + 1 : 0;
      return quiet >= 3;
    };
    if (!(await until(still, PATIENCE_MS))) throw new Error(`The queues are not empty after ${PATIENCE_MS} ms`);
  };

  const emails = async (): Promise<InboxMessage[]> => {
    const reply = await fetch(`${endpoint}/_ministack/ses/messages`);
    // By account; the oldest first.
    const { messages } = (await reply.json()) as { messages: Record<string, Sent[]> };
    return Object.values(messages)
      .flat()
      .flatMap(({ MessageId, To, Subject, BodyHtml, Timestamp }, id) =>
        To.map((to) => ({
          id,
          messageId: MessageId,
          channel: 'email' as const,
          to,
          title: Subject,
          body: '',
          html: BodyHtml,
          atMs: Timestamp * 1_000,
          realMs: Timestamp * 1_000,
        })),
      );
  };
  const others = async (): Promise<InboxMessage[]> => {
    const reply = await fetch(`${inboxUrl}/_local/inbox.json?limit=-1`);
    return ((await reply.json()) as { messages: InboxMessage[] }).messages;
  };
  // What earlier tests were sent is not of this one.
  const before = { emails: (await emails()).length, others: (await others()).length };
  const list = async ({ channel = '', to = '' }: InboxQuery = {}) => {
    const mail = (await emails()).slice(before.emails).reverse();
    const all = [...(await others()).slice(0, -before.others || undefined), ...mail];
    return all.filter((message) => (!channel || message.channel === channel) && message.to.includes(to));
  };

  return {
    url: `${endpoint}/_aws/execute-api/${api}/$default`,
    tokens: { issue, demo: (user) => issue({ sub: user, groups: [user.split('-')[0] ?? ''] }) },
    clock: {
      virtual: false,
      now: Date.now,
      idle,
      async advance(ms) {
        const end = Date.now() + Math.min(ms, STALE_MS);
        await idle();
        await until(async () => Date.now() >= end, STALE_MS);
        await idle();
      },
      advanceUntil: until,
    },
    async putOnBus({ source, detailType, detail }) {
      const entry = {
        EventBusName: own.BusName,
        Source: source,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
      };
      await aws('events', 'AWSEvents.PutEvents', { Entries: [entry] });
    },
    flushLake: () => {},
    inbox: { list, count: async () => (await list()).length },
  };
};
