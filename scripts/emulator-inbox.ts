import { boot } from '../local/boot.ts';
import { realClock } from '../local/clock.ts';
import { inboxPages } from '../local/inbox-page.ts';
import { pinpoint } from '../local/pinpoint.ts';
import { sms } from '../local/sms.ts';
import { AwsError, type Context, type Service } from '../local/types.ts';

/** The inbox of the local cloud by itself, on the port of the first argument: push and SMS of the emulator end in it. */
const [port] = process.argv.slice(2).map(Number);
if (!port) throw new Error('Which port?');

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
const { url } = await boot({ assembly: { stacks, assets: {} }, clock: realClock(), port }, (ctx) => ({
  services: [sms(ctx), pinpoint(ctx)],
  web: pages(ctx),
}));
console.log(`${url}/_local/inbox`);
