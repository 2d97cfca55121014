import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CHANNELS, type Channel, LANES, type Lane, queueVariable } from '../core/delivery/channel.ts';
import { type Binding, sends } from './kit/bindings.ts';
import { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';

/** How long a message may wait before somebody is told. Promotional ones wait by design while a campaign drains. */
const OLDEST: Record<Lane, Duration> = { transactional: Duration.minutes(1), promotional: Duration.hours(4) };

/** A provider that takes nothing is given up after 15 receives of 3 minutes (LAST_RECEIVE); the others are for what else may fail. */
const MAX_RECEIVES = 20;

type QueueVariable = ReturnType<typeof queueVariable>;

/** One queue per channel and lane, so that a transactional message never waits behind a campaign. */
export class SendQueues extends Construct {
  private readonly queues = new Map<QueueVariable, QueueWithDeadLetters>();

  constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const channel of CHANNELS) {
      for (const lane of LANES) {
        const name = `${capital(channel)}${capital(lane)}`;
        const queue = new QueueWithDeadLetters(this, name, {
          oldestMessage: OLDEST[lane],
          maxReceiveCount: MAX_RECEIVES,
        });
        this.queues.set(queueVariable(channel, lane), queue);
      }
    }
  }

  of(channel: Channel, lane: Lane): QueueWithDeadLetters {
    return this.queues.get(queueVariable(channel, lane))!;
  }

  /** The variables that name the queues, two a channel, for who sends to them. */
  get bindings(): Record<QueueVariable, Binding> {
    const all = [...this.queues].map(([variable, { queue }]) => [variable, sends(queue)]);
    return Object.fromEntries(all) as Record<QueueVariable, Binding>;
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
