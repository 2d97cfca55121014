/**
 * Counts one in a metric, in one line of the embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html),
 * with what the operator is to read beside it. Written to stdout itself, for the console of Lambda would wrap it.
 */
export const countMetric = (namespace: string, name: string, nowMs: number, said: Record<string, unknown>): void => {
  const directive = { Namespace: namespace, Dimensions: [[]], Metrics: [{ Name: name, Unit: 'Count' }] };
  const line = { _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] }, ...said, [name]: 1 };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
