/**
 * MessageGroupId of a source, or of whatever else shares a queue fairly with others. SQS takes 128 characters of ASCII
 * without blanks.
 */
export const groupOf = (name: string): string => name.replace(/[^!-~]/g, '_').slice(0, 128);
