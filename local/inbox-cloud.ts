import { type Booted, boot } from './boot.ts';
import type { CloudClock } from './clock.ts';
import { eventBridge } from './event-bridge.ts';
import { inboxPages } from './inbox-page.ts';
import { pinpoint } from './pinpoint.ts';
import { sms } from './sms.ts';
import { AwsError, type Context, type Service } from './types.ts';

const pages = (ctx: Context): Service => {
  const answer = inboxPages(ctx);
  return {
    signingName: 'none',
    resources: {},
    async handle(request) {
      if (!request.path.startsWith('/_local/')) throw new AwsError('NotFound', 'Here is only an inbox', 404);
      return answer(request);
    },
  };
};

// The application that stage `emulator` names.
const stacks = { Inbox: { Resources: { emulated: { Type: 'AWS::Pinpoint::App', Properties: {} } } } };

/**
 * The inbox by itself, with the services that fill it where the rest is not of the local cloud: push and SMS. What becomes of a
 * text is told, minutes later, to a bus that has no rule.
 */
export const bootInbox = <C extends CloudClock>(clock: C, port?: number): Promise<Booted<C>> =>
  boot({ assembly: { stacks, assets: {} }, clock, ...(port && { port }) }, (ctx) => ({
    services: [sms(ctx), pinpoint(ctx), eventBridge(ctx)],
    web: pages(ctx),
  }));
