import { realClock } from '../local/clock.ts';
import { bootInbox } from '../local/inbox-cloud.ts';

/** The inbox of the local cloud by itself, on the port of the first argument: push and SMS of the emulator end in it. */
const [port] = process.argv.slice(2).map(Number);
if (!port) throw new Error('Which port?');

const { url } = await bootInbox(realClock(), port);
console.log(`${url}/_local/inbox`);
