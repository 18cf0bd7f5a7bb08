import { type JsonObject, integerAt, stringsAt } from './json-body.ts';

/** A topic's configuration on one broker (TopicConfig in org.apache.rocketmq.common). */
export interface TopicSettings {
  readonly readQueues: number;
  readonly writeQueues: number;
  /** 2 write, 4 read, 6 both. */
  readonly perm: number;
  readonly order: boolean;
  /** `SINGLE_TAG` or `MULTI_TAG`. */
  readonly filterType: string;
  readonly sysFlag: number;
  /** 5.x only, such as `message.type` -> `FIFO`. */
  readonly attributes: Readonly<Record<string, string>>;
}

export function readTopicSettings(config: JsonObject): TopicSettings {
  const { topicFilterType } = config;
  return {
    readQueues: integerAt(config, 'readQueueNums'),
    writeQueues: integerAt(config, 'writeQueueNums'),
    perm: integerAt(config, 'perm'),
    order: config.order === true,
    filterType: typeof topicFilterType === 'string' ? topicFilterType : 'SINGLE_TAG',
    sysFlag: integerAt(config, 'topicSysFlag'),
    attributes: stringsAt(config, 'attributes'),
  };
}
