/**
 * Events as AWS documents them, with a ref among the tags: "Examples of event data that Amazon SES publishes to Amazon SNS" (SES
 * Developer Guide), "SMS example log" and "Monitoring with EventBridge" (End User Messaging SMS), "Message and event format"
 * (End User Messaging Social) around "Status messages webhook" (Meta).
 */
const mail = (ref: string | undefined) => ({
  timestamp: '2017-08-05T00:40:02.012Z',
  source: 'Sender Name <sender@example.com>',
  sourceArn: 'arn:aws:ses:us-east-1:123456789012:identity/sender@example.com',
  sendingAccountId: '123456789012',
  messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
  destination: ['recipient@example.com'],
  headersTruncated: false,
  headers: [{ name: 'Subject', value: 'Message sent from Amazon SES' }],
  commonHeaders: { from: ['Sender Name <sender@example.com>'], to: ['recipient@example.com'] },
  tags: {
    'ses:configuration-set': ['ConfigSet'],
    'ses:from-domain': ['example.com'],
    ...(ref && { 'herald-0': [ref.slice(0, 10)], 'herald-1': [ref.slice(10)] }),
  },
});

export const sesBounce = (ref?: string, bounce: object = {}) => ({
  eventType: 'Bounce',
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      {
        emailAddress: 'recipient@example.com',
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ],
    timestamp: '2017-08-05T00:41:02.669Z',
    feedbackId: '01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000',
    reportingMTA: 'dsn; mta.example.com',
    ...bounce,
  },
  mail: mail(ref),
});
export const sesComplaint = (
  ref?: string,
  complaintFeedbackType: string | null = 'abuse',
  complaintSubType: string | null = null,
) => ({
  eventType: 'Complaint',
  complaint: {
    complainedRecipients: [{ emailAddress: 'recipient@example.com' }],
    timestamp: '2017-08-05T00:41:02.669Z',
    feedbackId: '01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000',
    userAgent: 'Any User Agent',
    complaintFeedbackType,
    complaintSubType,
    arrivalDate: '2017-08-05T00:41:02.669Z',
  },
  mail: mail(ref),
});
export const sesDelivery = (ref?: string) => ({
  eventType: 'Delivery',
  mail: mail(ref),
  delivery: {
    timestamp: '2016-10-19T23:21:04.133Z',
    processingTimeMillis: 11893,
    recipients: ['recipient@example.com'],
    smtpResponse: '250 2.6.0 Message received',
    remoteMtaIp: '123.123.123.123',
    reportingMTA: 'mta.example.com',
  },
});
export const sesReject = (ref?: string) => ({
  eventType: 'Reject',
  mail: mail(ref),
  reject: { reason: 'Bad content' },
});
export const sesRenderingFailure = (ref?: string) => ({
  eventType: 'Rendering Failure',
  mail: mail(ref),
  failure: {
    errorMessage: "Attribute 'attributeName' is not present in the rendering data.",
    templateName: 'MyTemplate',
  },
});
export const sesSend = (ref?: string) => ({ eventType: 'Send', mail: mail(ref), send: {} });

export const onBus = (source: string, detailType: string, detail: object) => ({
  version: '0',
  id: '5c0fa4f8-e4ba-ed02-6101-c795472fccd0',
  'detail-type': detailType,
  source,
  account: '111122223333',
  time: '2025-10-01T18:20:41Z',
  region: 'us-east-1',
  resources: [],
  detail,
});

export const smsEvent = (type: string, { ref, isFinal = true }: { ref?: string; isFinal?: boolean } = {}) => ({
  eventType: type,
  eventVersion: '1.0',
  eventTimestamp: 1686975103470,
  isFinal,
  originationPhoneNumber: '+12065550152',
  destinationPhoneNumber: '+14255550156',
  isInternationalSend: false,
  mcc: '310',
  mnc: '800',
  messageId: '862a8790-60c0-4430-9b2b-658bdexample',
  messageRequestTimestamp: 1686975103170,
  messageEncoding: 'GSM',
  messageType: 'PROMOTIONAL',
  messageStatus: type.replace('TEXT_', ''),
  messageStatusDescription: 'Message has been accepted by phone carrier',
  ...(ref && { context: { 'herald-0': ref } }),
  totalMessageParts: 1,
  totalMessagePrice: 0.09582,
  totalCarrierFee: 0.0,
});

export const whatsappStatus = (status: string, ref?: string) => ({
  context: {
    MetaWabaIds: [{ wabaId: '1234567890abcde', arn: 'arn:aws:social-messaging:us-east-1:123456789012:waba/fb25' }],
    MetaPhoneNumberIds: [],
  },
  whatsAppWebhookEntry: JSON.stringify({
    id: '1234567890abcde',
    changes: [
      {
        value: {
          messaging_product: 'whatsapp',
          metadata: { display_phone_number: '15550783881', phone_number_id: '106540352242922' },
          statuses: [
            {
              id: 'wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI4MjZGRDA0OUE2OTQ3RkEyMzcA',
              status,
              timestamp: '1750030073',
              recipient_id: '16505551234',
              ...(ref && { biz_opaque_callback_data: ref }),
            },
          ],
        },
        field: 'messages',
      },
    ],
  }),
  aws_account_id: '123456789012',
  message_timestamp: '2025-01-08T23:30:43.271279391Z',
  messageId: '6d69f07a-c317-4278-9d5c-6a84078419ec',
});
export const whatsappOnBus = (detailType: string, status: string) =>
  onBus('aws.social-messaging', detailType, {
    wabaId: '1163793972139053',
    originationPhoneNumber: '15815555555',
    originationPhoneNumberId: '574086085794038',
    messageId: '4bee7d29-70f5-4a49-b84e-facf4424fe58',
    status,
    eventTimestamp: '1759466063',
  });
