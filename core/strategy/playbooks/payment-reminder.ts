import type { Playbook } from '../playbook/playbook.ts';
import { currency, EVENT_URL, shop, topic } from './shop.ts';

const TOTAL = '{{ event.properties.total | money: "[[currency]]" }}';

export const paymentReminder: Playbook = {
  id: 'payment-reminder',
  goal: 'conversion',
  title: { en: 'Payment reminder', zh: '待支付提醒' },
  summary: {
    en: 'An order that has not been paid for a while gets one reminder. Whoever pays in time hears nothing.',
    zh: '下单后一段时间未支付的订单提醒一次；及时支付的用户不会收到消息。',
  },
  marketing: false,
  parameters: {
    ...shop,
    ...currency,
    ...topic('orders'),
    orderPlaced: {
      kind: 'event',
      default: 'order.placed',
      properties: { orderId: 'A-1024', total: 129.9, url: 'https://luma.example/pay/A-1024' },
      about: { en: 'Somebody has placed an order', zh: '下单事件' },
    },
    orderPaid: {
      kind: 'event',
      default: 'order.paid',
      properties: { orderId: 'A-1024' },
      about: { en: 'The order is paid', zh: '支付成功事件' },
    },
    wait: {
      kind: 'duration',
      default: { minutes: 30 },
      atMost: { days: 7 },
      about: { en: 'How long an order may be unpaid', zh: '未支付多久后提醒' },
    },
  },
  templates: {
    reminder: {
      name: { en: 'reminder', zh: '提醒' },
      content: {
        en: {
          push: {
            title: 'Your order is waiting for payment',
            body: `Order {{ event.properties.orderId }} (${TOTAL}) is reserved for you. Pay now to have it on its way.`,
          },
          sms: {
            text: `[[brand]]: order {{ event.properties.orderId }} (${TOTAL}) is still unpaid. Complete it here: ${EVENT_URL}`,
          },
          email: {
            subject: 'Order {{ event.properties.orderId }}: one step to go',
            heading: 'Almost yours',
            lines: [
              `We have reserved order {{ event.properties.orderId }} over ${TOTAL} for you, but the payment has not reached us yet.`,
              'It takes less than a minute. If you have paid already, there is nothing left to do.',
            ],
            button: { text: 'Pay now', url: EVENT_URL },
          },
        },
        zh: {
          push: {
            title: '您有一笔订单待支付',
            body: `订单{{ event.properties.orderId }}（${TOTAL}）已为您保留，支付后即刻安排发货。`,
          },
          sms: {
            text: `【[[brand]]】订单{{ event.properties.orderId }}（${TOTAL}）待支付，请尽快完成：${EVENT_URL}`,
          },
          email: {
            subject: '订单{{ event.properties.orderId }}待支付',
            heading: '只差一步',
            lines: [
              `您的订单{{ event.properties.orderId }}（${TOTAL}）已为您保留，我们尚未收到付款。`,
              '一分钟即可完成支付。如已付款，请忽略此邮件。',
            ],
            button: { text: '立即支付', url: EVENT_URL },
          },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[orderPlaced]]',
      window: { without: { eventType: '[[orderPaid]]' }, within: '[[wait]]', same: 'orderId' },
      templateId: '[[template.reminder]]',
      channelPolicy: ['push', 'sms', 'email'],
      topic: '[[topic]]',
      lane: 'transactional',
      deadline: { hours: 12 },
    },
  },
};
