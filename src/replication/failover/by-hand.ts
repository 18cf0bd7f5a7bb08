/**
 * What operators do by hand where a failover cannot. Both commands replace all settings of the topic or group on that broker:
 * docs/operations.md, "Topics and groups by hand", says what to repeat.
 */
export const WRITABLE_BY_HAND = 'mqadmin updateTopicPerm -b MASTER -t TOPIC -p 6';
export const ENABLED_BY_HAND = 'mqadmin updateSubGroup -b MASTER -g GROUP -s true, with its other settings';
