import { PinpointClient, SendMessagesCommand, type SendMessagesCommandInput } from '@aws-sdk/client-pinpoint';
import { ONCE } from './send-error.ts';

const client = new PinpointClient(ONCE);

/** The one call of Pinpoint that goes on as AWS End User Messaging Push. */
export const sendMessages = (input: SendMessagesCommandInput) => client.send(new SendMessagesCommand(input));
