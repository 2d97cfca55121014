import type { Playbook } from '../playbook/playbook.ts';
import { EVENT_URL, firstName, NAME, shop, topic } from './shop.ts';

const PRODUCT = {
  en: '{{ event.properties.product | default: "your order" }}',
  zh: '{{ event.properties.product | default: "您的订单" }}',
};

export const reviewRequest: Playbook = {
  id: 'review-request',
  goal: 'retention',
  title: { en: 'Review request', zh: '评价邀请' },
  summary: {
    en: 'Some days after a delivery people are asked what they think, unless they have reviewed that order already.',
    zh: '收货数天后邀请用户评价；已评价该订单的用户不会收到消息。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...topic('reviews'),
    orderDelivered: {
      kind: 'event',
      default: 'order.delivered',
      properties: { orderId: 'A-1024', product: 'Linen shirt', url: 'https://luma.example/review/A-1024' },
      about: { en: 'An order has arrived', zh: '签收事件' },
    },
    reviewPosted: {
      kind: 'event',
      default: 'review.posted',
      properties: { orderId: 'A-1024' },
      about: { en: 'Somebody has reviewed an order', zh: '发表评价事件' },
    },
    wait: {
      kind: 'duration',
      default: { days: 7 },
      atMost: { days: 31 },
      about: { en: 'How long after the delivery', zh: '签收多久后邀请' },
    },
  },
  templates: {
    request: {
      name: { en: 'request', zh: '邀请' },
      content: {
        en: {
          email: {
            subject: `How do you like ${PRODUCT.en}?`,
            heading: `Hi ${NAME.en}, how is it going?`,
            lines: [
              `You have had ${PRODUCT.en} for a few days. Is it what you hoped for?`,
              'Two sentences from you help others choose, and help us get better.',
            ],
            button: { text: 'Write a review', url: EVENT_URL },
          },
          push: {
            title: `How do you like ${PRODUCT.en}?`,
            body: 'Tell others in two sentences. It takes a minute.',
          },
        },
        zh: {
          email: {
            subject: `${PRODUCT.zh}用得怎么样？`,
            heading: `${NAME.zh}，用得还满意吗？`,
            lines: [
              `${PRODUCT.zh}已到手几天，是否符合您的期待？`,
              '写下两句真实感受，帮助更多人选择，也帮助我们改进。',
            ],
            button: { text: '写评价', url: EVENT_URL },
          },
          push: { title: `${PRODUCT.zh}用得怎么样？`, body: '花一分钟写下您的真实感受吧。' },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[orderDelivered]]',
      window: { without: { eventType: '[[reviewPosted]]' }, within: '[[wait]]', same: 'orderId' },
      templateId: '[[template.request]]',
      channelPolicy: ['email', 'push'],
      topic: '[[topic]]',
      lane: 'promotional',
      deadline: { days: 2 },
    },
  },
};
