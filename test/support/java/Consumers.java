import apache.rocketmq.v2.AckMessageEntry;
import apache.rocketmq.v2.AckMessageRequest;
import apache.rocketmq.v2.ClientType;
import apache.rocketmq.v2.FilterExpression;
import apache.rocketmq.v2.FilterType;
import apache.rocketmq.v2.HeartbeatRequest;
import apache.rocketmq.v2.Language;
import apache.rocketmq.v2.MessageQueue;
import apache.rocketmq.v2.MessagingServiceGrpc;
import apache.rocketmq.v2.ReceiveMessageRequest;
import apache.rocketmq.v2.Resource;
import apache.rocketmq.v2.Settings;
import apache.rocketmq.v2.Subscription;
import apache.rocketmq.v2.SubscriptionEntry;
import apache.rocketmq.v2.TelemetryCommand;
import apache.rocketmq.v2.UA;
import com.google.protobuf.Duration;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageRequestMode;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Applications that consume with RocketMQ's own client, many in one process. Commands come on standard input, a line each, as key=value:
 *
 *   do=start name=N mode=orderly|push|pop|grpc server=HOST:PORT group=G topic=T threads=20 cache=1000 delay=0 failEvery=0
 *   do=stop name=N       finishes what is being processed, commits, and leaves the group
 *
 * The server is a name server, for grpc a proxy, to which a simple consumer is built from the protocol's own stubs. Both commands are answered by a line "done N", or "failed N WHY". The end of input stops everything. Each message that an application was given is a line:
 *
 *   got N queue offset attempt acknowledged|refused time(ms since 1970) keys
 *
 * "delay" is how long one message takes (ms); every failEvery-th message, by the number at the end of its keys, is refused at its first attempt,
 * so that the broker has it wait for another.
 */
public final class Consumers {
    /** How to stop each. */
    private static final Map<String, Runnable> RUNNING = new ConcurrentHashMap<>();
    /** As by default: what a stalled machine acknowledges later is given out again, though the ledger has it. */
    private static final int POP_INVISIBLE_MS = 60_000;
    private static final int MOST_TRIES = 10;

    public static void main(String[] args) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            Map<String, String> command = parse(line);
            // one that takes long holds up no other
            new Thread(() -> carryOut(command)).start();
        }
        RUNNING.values().parallelStream().forEach(Runnable::run);
        System.exit(0);
    }

    private static Map<String, String> parse(String line) {
        Map<String, String> command = new HashMap<>();
        for (String part : line.split(" ")) {
            command.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
        }
        return command;
    }

    private static void carryOut(Map<String, String> command) {
        String name = command.get("name");
        try {
            if (command.get("do").equals("start")) {
                RUNNING.put(name, startAtLast(command));
            } else {
                RUNNING.remove(name).run();
            }
            say("done " + name);
        } catch (Exception e) {
            say("failed " + name + " " + e.toString().replace('\n', ' '));
        }
    }

    /** A client gives up at the first request that a loaded machine does not answer in time. */
    private static Runnable startAtLast(Map<String, String> command) throws Exception {
        boolean isGrpc = command.get("mode").equals("grpc");
        for (int tries = 1;; tries++) {
            try {
                return isGrpc ? new SimpleConsumer(command)::stop : start(command)::shutdown;
            } catch (Exception e) {
                if (tries == MOST_TRIES) {
                    throw e;
                }
                Thread.sleep(1_000);
            }
        }
    }

    private static DefaultMQPushConsumer start(Map<String, String> command) throws Exception {
        String mode = command.get("mode");
        String group = command.get("group");
        if (mode.equals("pop")) {
            choosePop(command.get("server"), group, command.get("topic"));
        }
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(command.get("server"));
        consumer.setInstanceName(command.get("name") + "-" + System.nanoTime());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(Integer.parseInt(command.get("threads")));
        consumer.setConsumeThreadMax(Integer.parseInt(command.get("threads")));
        consumer.setPullThresholdForQueue(Integer.parseInt(command.get("cache")));
        consumer.setAwaitTerminationMillisWhenShutdown(10_000);
        consumer.setClientRebalance(!mode.equals("pop"));
        consumer.setPopInvisibleTime(POP_INVISIBLE_MS);
        // a broker that was too busy for the first one is told soon again
        consumer.setHeartbeatBrokerInterval(3_000);
        consumer.subscribe(command.get("topic"), "*");
        Application application = new Application(command);
        if (mode.equals("orderly")) {
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) ->
                application.process(messages) ? ConsumeOrderlyStatus.SUCCESS
                    : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT);
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) ->
                application.process(messages) ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS
                    : ConsumeConcurrentlyStatus.RECONSUME_LATER);
        }
        try {
            consumer.start();
        } catch (Exception e) {
            consumer.shutdown();
            throw e;
        }
        return consumer;
    }

    /** Has the brokers answer the group's clients that they are to pop this topic. */
    private static void choosePop(String server, String group, String topic) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(server);
        admin.setInstanceName("admin-" + System.nanoTime());
        admin.start();
        try {
            for (var broker : admin.examineTopicRouteInfo(topic).getBrokerDatas()) {
                admin.setMessageRequestMode(broker.selectBrokerAddr(), topic, group, MessageRequestMode.POP, 8, 5_000);
            }
        } finally {
            admin.shutdown();
        }
    }

    private static void say(String line) {
        PrintStream out = System.out;
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }

    private static final class Application {
        private final String name;
        private final long delay;
        private final int failEvery;

        Application(Map<String, String> command) {
            name = command.get("name");
            delay = Long.parseLong(command.get("delay"));
            failEvery = Integer.parseInt(command.get("failEvery"));
        }

        /** Of one message: that many the client hands over at a time, unless told otherwise. */
        boolean process(List<MessageExt> messages) {
            MessageExt message = messages.get(0);
            return process(message.getQueueId(), message.getQueueOffset(), message.getReconsumeTimes(), message.getKeys());
        }

        boolean process(int queue, long offset, int attempt, String keys) {
            if (delay > 0) {
                try {
                    Thread.sleep(delay);
                } catch (InterruptedException e) {
                    return false;
                }
            }
            boolean refused = failEvery > 0 && attempt == 0 && number(keys) % failEvery == 0;
            say("got " + name + " " + queue + " " + offset + " " + attempt + " " + (refused ? "refused" : "acknowledged")
                + " " + System.currentTimeMillis() + " " + keys);
            return !refused;
        }

        private static int number(String keys) {
            return Integer.parseInt(keys.substring(keys.lastIndexOf('-') + 1));
        }
    }

    /** Receives from a proxy, processes, and acknowledges. What it refuses becomes visible again by itself. */
    private static final class SimpleConsumer {
        private static final Duration POLL = seconds(5);
        private static final Duration INVISIBLE = seconds(60);
        private static final int HEARTBEAT_EVERY_MS = 10_000;
        private static final int PAUSE_MS = 500;

        private final ManagedChannel channel;
        private final MessagingServiceGrpc.MessagingServiceBlockingStub proxy;
        private final StreamObserver<TelemetryCommand> telemetry;
        private final Resource group;
        private final Resource topic;
        private final Application application;
        private final Thread loop = new Thread(this::run);
        private volatile boolean isStopped;

        SimpleConsumer(Map<String, String> command) throws Exception {
            group = Resource.newBuilder().setName(command.get("group")).build();
            topic = Resource.newBuilder().setName(command.get("topic")).build();
            application = new Application(command);
            channel = ManagedChannelBuilder.forTarget(command.get("server")).usePlaintext().build();
            Metadata headers = new Metadata();
            put(headers, "x-mq-client-id", command.get("name") + "-" + System.nanoTime());
            put(headers, "x-mq-language", "JAVA");
            put(headers, "x-mq-client-version", "5.0.0");
            put(headers, "x-mq-protocol", "v2");
            var headed = MetadataUtils.newAttachHeadersInterceptor(headers);
            proxy = MessagingServiceGrpc.newBlockingStub(channel).withInterceptors(headed);
            CountDownLatch known = new CountDownLatch(1);
            telemetry = MessagingServiceGrpc.newStub(channel).withInterceptors(headed).telemetry(new StreamObserver<>() {
                @Override
                public void onNext(TelemetryCommand answer) {
                    known.countDown();
                }

                @Override
                public void onError(Throwable failure) {
                }

                @Override
                public void onCompleted() {
                }
            });
            SubscriptionEntry all = SubscriptionEntry.newBuilder().setTopic(topic).setExpression(all()).build();
            Subscription subscription = Subscription.newBuilder().setGroup(group).addSubscriptions(all).setFifo(false)
                .setReceiveBatchSize(32).setLongPollingTimeout(POLL).build();
            UA agent = UA.newBuilder().setLanguage(Language.JAVA).setVersion("5.0.0").build();
            telemetry.onNext(TelemetryCommand.newBuilder().setSettings(Settings.newBuilder().setUserAgent(agent)
                .setClientType(ClientType.SIMPLE_CONSUMER).setSubscription(subscription).setRequestTimeout(seconds(3))).build());
            if (!known.await(20, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the proxy " + command.get("server") + " did not answer");
            }
            loop.start();
        }

        void stop() {
            isStopped = true;
            try {
                loop.join();
                telemetry.onCompleted();
                channel.shutdown().awaitTermination(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void run() {
            long toldAt = 0;
            while (!isStopped) {
                try {
                    if (System.currentTimeMillis() - toldAt > HEARTBEAT_EVERY_MS) {
                        HeartbeatRequest here = HeartbeatRequest.newBuilder().setGroup(group)
                            .setClientType(ClientType.SIMPLE_CONSUMER).build();
                        proxy.withDeadlineAfter(5, TimeUnit.SECONDS).heartbeat(here);
                        toldAt = System.currentTimeMillis();
                    }
                    if (!receive()) {
                        Thread.sleep(PAUSE_MS);
                    }
                } catch (StatusRuntimeException e) {
                    // asked again
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        /** Whether there was something. */
        private boolean receive() {
            ReceiveMessageRequest request = ReceiveMessageRequest.newBuilder().setGroup(group)
                .setMessageQueue(MessageQueue.newBuilder().setTopic(topic)).setFilterExpression(all()).setBatchSize(32)
                .setInvisibleDuration(INVISIBLE).setLongPollingTimeout(POLL).build();
            AckMessageRequest.Builder done = AckMessageRequest.newBuilder().setGroup(group).setTopic(topic);
            boolean any = false;
            var answers = proxy.withDeadlineAfter(15, TimeUnit.SECONDS).receiveMessage(request);
            while (answers.hasNext()) {
                var answer = answers.next();
                if (!answer.hasMessage()) {
                    continue;
                }
                any = true;
                var about = answer.getMessage().getSystemProperties();
                int attempt = about.getDeliveryAttempt() - 1;
                String keys = String.join(" ", about.getKeysList());
                if (application.process(about.getQueueId(), about.getQueueOffset(), attempt, keys)) {
                    done.addEntries(AckMessageEntry.newBuilder().setMessageId(about.getMessageId())
                        .setReceiptHandle(about.getReceiptHandle()));
                }
            }
            if (done.getEntriesCount() > 0) {
                proxy.withDeadlineAfter(5, TimeUnit.SECONDS).ackMessage(done.build());
            }
            return any;
        }

        private static FilterExpression all() {
            return FilterExpression.newBuilder().setType(FilterType.TAG).setExpression("*").build();
        }

        private static Duration seconds(int seconds) {
            return Duration.newBuilder().setSeconds(seconds).build();
        }

        private static void put(Metadata headers, String name, String value) {
            headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
        }
    }
}
