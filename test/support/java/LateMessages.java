import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Has messages wait on a cluster: NAME_SERVER TOPIC COUNT DELAY_LEVEL. Sends COUNT delayed messages and COUNT half messages, then says
 * "waiting". At the next line on standard input it commits the half messages, and says "committed". Their keys are delayed-N and transaction-N.
 */
public final class LateMessages {
    private static final int PATIENCE_MS = 30_000;

    public static void main(String[] args) throws Exception {
        String topic = args[1];
        int count = Integer.parseInt(args[2]);
        DefaultMQProducer producer = new DefaultMQProducer("late-delayed");
        producer.setNamesrvAddr(args[0]);
        producer.setSendMsgTimeout(PATIENCE_MS);
        producer.start();
        CountDownLatch stored = new CountDownLatch(count);
        CountDownLatch told = new CountDownLatch(1);
        TransactionMQProducer transactions = new TransactionMQProducer("late-transactions");
        transactions.setNamesrvAddr(args[0]);
        transactions.setSendMsgTimeout(PATIENCE_MS);
        transactions.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
                stored.countDown();
                try {
                    told.await();
                } catch (InterruptedException e) {
                    return LocalTransactionState.ROLLBACK_MESSAGE;
                }
                return LocalTransactionState.COMMIT_MESSAGE;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return LocalTransactionState.UNKNOW;
            }
        });
        transactions.start();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Message message = new Message(topic, "", "transaction-" + i, ("transaction " + i).getBytes());
            Thread thread = new Thread(() -> {
                try {
                    transactions.sendMessageInTransaction(message, null);
                } catch (Exception e) {
                    e.printStackTrace();
                    System.exit(1);
                }
            });
            threads.add(thread);
            thread.start();
        }
        stored.await();
        for (int i = 0; i < count; i++) {
            Message message = new Message(topic, "", "delayed-" + i, ("delayed " + i).getBytes());
            message.setDelayTimeLevel(Integer.parseInt(args[3]));
            producer.send(message);
        }
        System.out.println("waiting");
        System.in.read();
        told.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("committed");
        producer.shutdown();
        transactions.shutdown();
        System.exit(0);
    }
}
