import type { Playbook } from '../playbook/playbook.ts';
import { coupon, currency, firstName, NAME, orderPlaced, STOP, shop, topic } from './shop.ts';

const SPENT = '{{ window.value | money: "[[currency]]" }}';

export const spendThreshold: Playbook = {
  id: 'spend-threshold',
  goal: 'repurchase',
  title: { en: 'Spend threshold', zh: '消费满额奖励' },
  summary: {
    en: 'Whoever spends a certain amount within some weeks gets a reward, once per such time.',
    zh: '用户在设定周期内累计消费达到金额时发放奖励，每个周期一次。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...currency,
    ...coupon,
    ...orderPlaced,
    ...topic('rewards'),
    threshold: {
      kind: 'number',
      minimum: 0.01,
      maximum: 1_000_000,
      default: 999,
      about: { en: 'Amount that earns the reward', zh: '达标金额' },
    },
    period: {
      kind: 'duration',
      default: { days: 30 },
      atMost: { days: 31 },
      about: { en: 'Over how long orders are added up', zh: '累计周期' },
    },
  },
  templates: {
    reward: {
      name: { en: 'reward', zh: '奖励' },
      content: {
        en: {
          push: {
            title: 'You have earned a reward',
            body: `You have spent ${SPENT} with us lately. Thank you: [[offer]] with [[couponCode]].`,
          },
          email: {
            subject: 'You have earned [[offer]]',
            heading: `Thank you, ${NAME.en}`,
            lines: [
              `You have spent ${SPENT} with us lately, and we do not take that for granted.`,
              'Your reward: [[offer]] on your next order with the code [[couponCode]].',
            ],
            button: { text: 'Use my reward', url: '[[shopUrl]]' },
          },
          sms: {
            text: `[[brand]]: thank you for spending ${SPENT}. Your reward: [[offer]] with [[couponCode]]. ${STOP.en}`,
          },
        },
        zh: {
          push: { title: '恭喜获得专属奖励', body: `您近期累计消费${SPENT}，送您[[offer]]，优惠码[[couponCode]]。` },
          email: {
            subject: '恭喜获得[[offer]]',
            heading: `${NAME.zh}，感谢您的支持`,
            lines: [
              `您近期累计消费${SPENT}，感谢您一直以来的信任。`,
              '送您[[offer]]，下次下单输入优惠码[[couponCode]]即可使用。',
            ],
            button: { text: '立即使用', url: '[[shopUrl]]' },
          },
          sms: { text: `【[[brand]]】您已累计消费${SPENT}，送您[[offer]]，优惠码[[couponCode]]。${STOP.zh}` },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[orderPlaced]]',
      window: { sum: 'total', within: '[[period]]', reaches: '[[threshold]]' },
      templateId: '[[template.reward]]',
      channelPolicy: ['push', 'email', 'sms'],
      topic: '[[topic]]',
      lane: 'promotional',
      deadline: { days: 2 },
    },
  },
};
