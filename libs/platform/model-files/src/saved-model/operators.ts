/**
 * Operators of TensorFlow that reach outside the graph: files, the network, other programs. A model that is served has
 * no need of them, and whoever calls it must not get them.
 */
const OUTSIDE: ReadonlySet<string> = new Set(
  (
    'ReadFile WriteFile MatchingFiles DecodeAndReadFile Save SaveSlices Restore RestoreSlice PyFunc PyFuncStateless ' +
    'EagerPyFunc NumpyFunction RpcCall RpcServer RpcClient RpcServerStart RpcServerRegister InitializeTableFromTextFile ' +
    'InitializeTableFromTextFileV2 InitializeTableFromDataset WholeFileReader WholeFileReaderV2 ' +
    'FixedLengthRecordReader FixedLengthRecordReaderV2 TextLineReader TextLineReaderV2 TFRecordReader ' +
    'TFRecordReaderV2 LMDBReader IdentityReader IdentityReaderV2 ReaderRead ReaderReadV2 ReaderReadUpTo ' +
    'ReaderReadUpToV2 TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset ' +
    'FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2 ExperimentalCSVDataset SqlDataset ExperimentalSqlDataset ' +
    'LMDBDataset ExperimentalLMDBDataset GeneratorDataset DatasetToTFRecord ExperimentalDatasetToTFRecord ' +
    'SaveDataset SaveDatasetV2 LoadDataset DistributedSave SnapshotDataset SnapshotDatasetV2 SnapshotDatasetReader ' +
    'SnapshotChunkDataset CacheDataset CacheDatasetV2 DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount ' +
    'DebugNumericSummary DebugNumericSummaryV2 DumpGraph CreateSummaryFileWriter CreateSummaryDbWriter SummaryWriter ' +
    'WriteSummary WriteScalarSummary WriteGraphSummary WriteRawProtoSummary WriteHistogramSummary WriteImageSummary ' +
    'WriteAudioSummary FlushSummaryWriter ImportEvent RegisterDataset RegisterDatasetV2 DataServiceDataset ' +
    'DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 ' +
    'GcsConfigureCredentials GcsConfigureBlockCache BigQueryReader RemoteCall _Send _Recv _HostSend ' +
    '_HostRecv Send Recv RecordInput LoadAndRemapMatrix GenerateVocabRemapping ' +
    'XlaLaunch KafkaDataset RemoteFusedGraphExecute'
  ).split(' '),
);

/** Operators of TensorFlow's own checkpoints: every SavedModel has them, beside what is served. */
const CHECKPOINT: ReadonlySet<string> = new Set([
  'SaveV2',
  'RestoreV2',
  'MergeV2Checkpoints',
  'ShardedFilename',
]);

export const reachesOutside = (op: string): boolean => OUTSIDE.has(op);
export const isCheckpointOperator = (op: string): boolean => CHECKPOINT.has(op);
