import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExtBatch;
import org.apache.rocketmq.common.message.MessageExtBrokerInner;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.message.MessageVersion;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;
import org.apache.rocketmq.remoting.protocol.SerializeType;
import org.apache.rocketmq.remoting.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.SerializeType;
import org.apache.rocketmq.remoting.protocol.body.Connection;
import org.apache.rocketmq.remoting.protocol.body.ConsumerConnection;
import org.apache.rocketmq.remoting.protocol.body.ConsumerOffsetSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.LockBatchRequestBody;
import org.apache.rocketmq.remoting.protocol.body.PopProcessQueueInfo;
import org.apache.rocketmq.remoting.protocol.body.ProcessQueueInfo;
import org.apache.rocketmq.remoting.protocol.header.DeleteSubscriptionGroupRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetConsumerRunningInfoRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetConsumerConnectionListRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetConsumerListByGroupRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.GetConsumerListByGroupResponseBody;
import org.apache.rocketmq.remoting.protocol.header.PullMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PullMessageResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.QueryConsumerOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ResetOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.SendMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.SendMessageRequestHeaderV2;
import org.apache.rocketmq.remoting.protocol.header.UpdateConsumerOffsetRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ViewMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.remoting.protocol.heartbeat.ConsumeType;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.heartbeat.SubscriptionData;
import org.apache.rocketmq.store.MessageExtEncoder;
import org.apache.rocketmq.store.PutMessageContext;
import org.apache.rocketmq.store.config.MessageStoreConfig;

/**
 * Writes what the official Java classes make of known values: frames of both header forms, signatures, stored messages of every layout, a
 * batch. `java -cp "<5.5.0 jars>/*" test/support/java/GoldenBytes.java test/fixtures/golden`
 */
public class GoldenBytes {
    private static final long BORN = 1_700_000_000_123L;
    private static final long STORED = 1_700_000_000_456L;

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        for (SerializeType form : SerializeType.values()) {
            String name = form == SerializeType.JSON ? "json" : "binary";
            Files.write(folder.resolve("pull-request-" + name + ".bin"), frame(pullRequest(), form));
            Files.write(folder.resolve("pull-answer-" + name + ".bin"), frame(pullAnswer(), form));
        }
        Files.write(folder.resolve("send-batch-request.bin"), frame(sendBatch(), SerializeType.JSON));
        Files.write(folder.resolve("send-request.bin"), frame(send(), SerializeType.JSON));
        Files.write(folder.resolve("view-request.bin"), frame(view(), SerializeType.JSON));
        Files.write(folder.resolve("query-offset-request.bin"), frame(queryOffset(), SerializeType.JSON));
        Files.write(folder.resolve("update-offset-request.bin"), frame(updateOffset(), SerializeType.JSON));
        Files.write(folder.resolve("delete-group-request.bin"), frame(deleteGroup(), SerializeType.JSON));
        Files.write(folder.resolve("running-info-request.bin"), frame(runningInfoRequest(), SerializeType.JSON));
        Files.write(folder.resolve("running-info-answer.bin"), frame(runningInfoAnswer(), SerializeType.JSON));
        Files.write(folder.resolve("put-group-request.bin"), frame(putGroup(), SerializeType.JSON));
        Files.write(folder.resolve("put-broker-config-request.bin"), frame(putBrokerConfig(), SerializeType.JSON));
        Files.write(folder.resolve("lock-request.bin"), frame(lock(), SerializeType.JSON));
        Files.write(folder.resolve("consumer-list-request.bin"), frame(consumerList(), SerializeType.JSON));
        Files.write(folder.resolve("consumer-list-answer.bin"), frame(answer(consumerListBody()), SerializeType.JSON));
        Files.write(folder.resolve("consumer-connections-request.bin"), frame(consumerConnections(), SerializeType.JSON));
        Files.write(folder.resolve("consumer-connections-answer.bin"), frame(answer(consumerConnectionsBody()), SerializeType.JSON));
        Files.write(folder.resolve("all-offsets-answer.bin"), frame(answer(allOffsetsBody()), SerializeType.JSON));
        Files.write(folder.resolve("reset-offset-request.bin"), frame(resetOffset(), SerializeType.JSON));
        Files.write(folder.resolve("signed-request.bin"), frame(signed(), SerializeType.JSON));
        Files.write(folder.resolve("batch.bin"), MessageDecoder.encodeMessages(messages()));
        ByteArrayOutputStream stored = new ByteArrayOutputStream();
        stored.write(stored("orders", 0, MessageVersion.MESSAGE_VERSION_V1, 0));
        stored.write(stored("orders", MessageSysFlag.BORNHOST_V6_FLAG, MessageVersion.MESSAGE_VERSION_V1, 1));
        stored.write(stored("orders", MessageSysFlag.STOREHOSTADDRESS_V6_FLAG, MessageVersion.MESSAGE_VERSION_V1, 2));
        stored.write(stored("t".repeat(200),
            MessageSysFlag.BORNHOST_V6_FLAG | MessageSysFlag.STOREHOSTADDRESS_V6_FLAG, MessageVersion.MESSAGE_VERSION_V2, (1L << 33) + 3));
        Files.write(folder.resolve("stored-messages.bin"), stored.toByteArray());
        Files.write(folder.resolve("stored-batch.bin"), storedBatch());
        System.exit(0);
    }

    /** As on the wire: length word, then header and body. */
    private static byte[] frame(RemotingCommand command, SerializeType form) {
        command.setSerializeTypeCurrentRPC(form);
        command.setOpaque(4711);
        ByteBuffer bytes = command.encode();
        byte[] frame = new byte[bytes.remaining()];
        bytes.get(frame);
        return frame;
    }

    private static RemotingCommand request(int code, CommandCustomHeader header) {
        RemotingCommand command = RemotingCommand.createRequestCommand(code, header);
        command.makeCustomHeaderToNet();
        return command;
    }

    private static RemotingCommand pullRequest() {
        PullMessageRequestHeader header = new PullMessageRequestHeader();
        header.setConsumerGroup("group");
        header.setTopic("orders");
        header.setQueueId(3);
        header.setQueueOffset(1L << 40);
        header.setMaxMsgNums(32);
        header.setSysFlag(6);
        header.setCommitOffset(0L);
        header.setSuspendTimeoutMillis(10_000L);
        header.setSubscription("*");
        header.setExpressionType("TAG");
        header.setSubVersion(0L);
        header.setBrokerName("broker-a");
        return request(11, header);
    }

    private static RemotingCommand pullAnswer() {
        RemotingCommand answer = RemotingCommand.createResponseCommand(PullMessageResponseHeader.class);
        PullMessageResponseHeader header = (PullMessageResponseHeader) answer.readCustomHeader();
        header.setSuggestWhichBrokerId(0L);
        header.setNextBeginOffset((1L << 40) + 1);
        header.setMinOffset(5L);
        header.setMaxOffset((1L << 40) + 9);
        answer.setCode(0);
        answer.setRemark("gefunden – 找到");
        answer.makeCustomHeaderToNet();
        answer.setBody("records".getBytes(StandardCharsets.UTF_8));
        return answer;
    }

    private static RemotingCommand sendBatch() {
        SendMessageRequestHeader header = new SendMessageRequestHeader();
        header.setProducerGroup("producers");
        header.setTopic("orders");
        header.setDefaultTopic("orders");
        header.setDefaultTopicQueueNums(1);
        header.setQueueId(3);
        header.setSysFlag(1);
        header.setBornTimestamp(BORN);
        header.setFlag(0);
        header.setProperties("");
        header.setReconsumeTimes(0);
        header.setUnitMode(false);
        header.setBatch(true);
        header.setBrokerName("broker-a");
        RemotingCommand command = request(320, SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(header));
        command.setBody(MessageDecoder.encodeMessages(messages()));
        return command;
    }

    private static RemotingCommand send() {
        SendMessageRequestHeader header = new SendMessageRequestHeader();
        header.setProducerGroup("group");
        header.setTopic("%RETRY%group");
        header.setDefaultTopic("%RETRY%group");
        header.setDefaultTopicQueueNums(1);
        header.setQueueId(3);
        header.setSysFlag(1);
        header.setBornTimestamp(BORN);
        header.setFlag(-7);
        header.setProperties("KEYS\u0001grün\u0002RETRY_TOPIC\u0001orders\u0002");
        header.setReconsumeTimes(2);
        header.setUnitMode(false);
        header.setMaxReconsumeTimes(Integer.MAX_VALUE);
        header.setBatch(false);
        header.setBrokerName("broker-a");
        RemotingCommand command = request(310, SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(header));
        command.setBody("body".getBytes(StandardCharsets.UTF_8));
        return command;
    }

    private static RemotingCommand view() {
        ViewMessageRequestHeader header = new ViewMessageRequestHeader();
        header.setTopic("%RETRY%group");
        header.setOffset(1L << 40);
        return request(33, header);
    }

    private static RemotingCommand queryOffset() {
        QueryConsumerOffsetRequestHeader header = new QueryConsumerOffsetRequestHeader();
        header.setConsumerGroup("group");
        header.setTopic("orders");
        header.setQueueId(3);
        header.setBrokerName("broker-a");
        header.setSetZeroIfNotFound(false);
        return request(14, header);
    }

    private static RemotingCommand updateOffset() {
        UpdateConsumerOffsetRequestHeader header = new UpdateConsumerOffsetRequestHeader();
        header.setConsumerGroup("group");
        header.setTopic("orders");
        header.setQueueId(3);
        header.setBrokerName("broker-a");
        header.setCommitOffset(1L << 40);
        return request(15, header);
    }

    private static RemotingCommand deleteGroup() {
        DeleteSubscriptionGroupRequestHeader header = new DeleteSubscriptionGroupRequestHeader();
        header.setGroupName("group");
        header.setCleanOffset(true);
        return request(207, header);
    }

    private static RemotingCommand runningInfoRequest() {
        GetConsumerRunningInfoRequestHeader header = new GetConsumerRunningInfoRequestHeader();
        header.setConsumerGroup("group");
        header.setClientId("client");
        header.setJstackEnable(false);
        return request(307, header);
    }

    private static RemotingCommand runningInfoAnswer() {
        ConsumerRunningInfo info = new ConsumerRunningInfo();
        info.getProperties().setProperty("instance", "{\"a\":{1:2}}");
        for (int queue = 0; queue < 2; queue++) {
            ProcessQueueInfo pulled = new ProcessQueueInfo();
            pulled.setCommitOffset((1L << 40) + queue);
            pulled.setCachedMsgCount(3 * queue);
            pulled.setTransactionMsgCount(queue);
            info.getMqTable().put(new MessageQueue("orders", "broker-a", queue), pulled);
        }
        PopProcessQueueInfo popped = new PopProcessQueueInfo();
        popped.setWaitAckCount(5);
        info.getMqPopTable().put(new MessageQueue("payments", "broker-b", 2), popped);
        RemotingCommand answer = RemotingCommand.createResponseCommand(0, null);
        answer.setBody(info.encode());
        return answer;
    }

    private static RemotingCommand putGroup() {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName("group");
        config.setConsumeEnable(false);
        RemotingCommand command = RemotingCommand.createRequestCommand(200, null);
        command.setBody(RemotingSerializable.encode(config));
        return command;
    }

    /** As MQClientAPIImpl.updateBrokerConfig. */
    private static RemotingCommand putBrokerConfig() {
        Properties settings = new Properties();
        settings.setProperty("startAcceptSendRequestTimeStamp", "1700000000123");
        RemotingCommand command = RemotingCommand.createRequestCommand(25, null);
        command.setBody(MixAll.properties2String(settings).getBytes(StandardCharsets.UTF_8));
        return command;
    }

    private static RemotingCommand answer(byte[] body) {
        RemotingCommand answer = RemotingCommand.createResponseCommand(0, null);
        answer.setBody(body);
        return answer;
    }

    private static RemotingCommand consumerList() {
        GetConsumerListByGroupRequestHeader header = new GetConsumerListByGroupRequestHeader();
        header.setConsumerGroup("group");
        return request(38, header);
    }

    private static byte[] consumerListBody() {
        GetConsumerListByGroupResponseBody body = new GetConsumerListByGroupResponseBody();
        body.setConsumerIdList(List.of("192.0.2.1@17", "192.0.2.2@18"));
        return body.encode();
    }

    private static RemotingCommand consumerConnections() {
        GetConsumerConnectionListRequestHeader header = new GetConsumerConnectionListRequestHeader();
        header.setConsumerGroup("group");
        return request(203, header);
    }

    private static byte[] consumerConnectionsBody() {
        Connection connection = new Connection();
        connection.setClientId("192.0.2.1@17");
        connection.setClientAddr("192.0.2.1:4711");
        connection.setLanguage(LanguageCode.JAVA);
        connection.setVersion(489);
        SubscriptionData subscription = new SubscriptionData("orders", "paid || sent");
        subscription.setSubVersion(1);
        subscription.getTagsSet().add("paid");
        subscription.getCodeSet().add("paid".hashCode());
        ConsumerConnection body = new ConsumerConnection();
        body.getConnectionSet().add(connection);
        body.getSubscriptionTable().put("orders", subscription);
        body.setConsumeType(ConsumeType.CONSUME_PASSIVELY);
        body.setMessageModel(MessageModel.BROADCASTING);
        return body.encode();
    }

    private static byte[] allOffsetsBody() {
        ConcurrentHashMap<Integer, Long> queues = new ConcurrentHashMap<>();
        queues.put(0, 12L);
        queues.put(7, 1L << 40);
        ConsumerOffsetSerializeWrapper body = new ConsumerOffsetSerializeWrapper();
        body.getOffsetTable().put("orders@group", queues);
        body.getOffsetTable().put("%RETRY%group@group", new ConcurrentHashMap<>(Map.of(0, 3L)));
        return body.encode();
    }

    private static RemotingCommand resetOffset() {
        ResetOffsetRequestHeader header = new ResetOffsetRequestHeader();
        header.setGroup("group");
        header.setTopic("orders");
        header.setQueueId(3);
        header.setBrokerName("broker-a");
        header.setOffset(1L << 40);
        header.setTimestamp(0);
        header.setForce(true);
        return request(222, header);
    }

    private static RemotingCommand lock() {
        LockBatchRequestBody body = new LockBatchRequestBody();
        body.setConsumerGroup("group");
        body.setClientId("owner");
        body.setMqSet(new HashSet<>(List.of(new MessageQueue("orders", "broker-a", 3))));
        RemotingCommand command = RemotingCommand.createRequestCommand(41, null);
        command.setBody(body.encode());
        return command;
    }

    private static RemotingCommand signed() {
        RemotingCommand command = updateOffset();
        command.setBody("body – 正文".getBytes(StandardCharsets.UTF_8));
        SessionCredentials credentials = new SessionCredentials("access", "secret – 密", "token");
        new AclClientRPCHook(credentials).doBeforeRequest("", command);
        return command;
    }

    private static Map<String, String> properties(int index) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("KEYS", "key-" + index);
        properties.put("grüße", "值 " + index);
        return properties;
    }

    private static List<Message> messages() {
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Message message = new Message();
            message.setTopic("orders");
            message.setFlag(i == 2 ? -1 : i);
            message.setBody(i == 1 ? new byte[0] : ("body " + i).getBytes(StandardCharsets.UTF_8));
            MessageAccessor.setProperties(message, new TreeMap<>(properties(i)));
            messages.add(message);
        }
        return messages;
    }

    private static InetSocketAddress host(boolean v6) throws Exception {
        return new InetSocketAddress(InetAddress.getByName(v6 ? "2001:db8::1" : "192.0.2.1"), 10911);
    }

    private static byte[] stored(String topic, int sysFlag, MessageVersion version, long offset) throws Exception {
        MessageExtBrokerInner message = new MessageExtBrokerInner();
        message.setTopic(topic);
        message.setVersion(version);
        message.setQueueId(3);
        message.setFlag(-7);
        message.setQueueOffset(offset);
        message.setSysFlag(sysFlag | MessageSysFlag.COMPRESSED_FLAG);
        message.setBornTimestamp(BORN);
        message.setStoreTimestamp(STORED);
        message.setBornHost(host((sysFlag & MessageSysFlag.BORNHOST_V6_FLAG) != 0));
        message.setStoreHost(host((sysFlag & MessageSysFlag.STOREHOSTADDRESS_V6_FLAG) != 0));
        message.setReconsumeTimes(2);
        message.setBody(("body " + offset).getBytes(StandardCharsets.UTF_8));
        message.setPropertiesString(MessageDecoder.messageProperties2String(new TreeMap<>(properties(0))));
        MessageExtEncoder encoder = new MessageExtEncoder(new MessageStoreConfig());
        encoder.encode(message);
        ByteBuffer bytes = encoder.getEncoderBuffer();
        byte[] record = new byte[bytes.getInt(0)];
        bytes.get(record);
        return record;
    }

    /** What a broker makes of `batch.bin`. */
    private static byte[] storedBatch() throws Exception {
        MessageExtBatch batch = new MessageExtBatch();
        batch.setTopic("orders");
        batch.setQueueId(3);
        batch.setSysFlag(0);
        batch.setBornTimestamp(BORN);
        batch.setStoreTimestamp(STORED);
        batch.setBornHost(host(false));
        batch.setStoreHost(host(false));
        batch.setBody(MessageDecoder.encodeMessages(messages()));
        ByteBuffer bytes = new MessageExtEncoder(new MessageStoreConfig()).encode(batch, new PutMessageContext("orders-3"));
        byte[] records = new byte[bytes.remaining()];
        bytes.get(records);
        return records;
    }
}
