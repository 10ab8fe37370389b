/**
 * Operators of `com.microsoft` that ONNX Runtime's CPU provider has, as its own list of kernels names them (1.30).
 * What is not here would fail when it is loaded, or is a name that somebody else gives to code of their own.
 */
export const MICROSOFT_OPERATORS: ReadonlySet<string> = new Set(
  (
    'Attention AttnLSTM BeamSearch BiasGelu BifurcationDetector CDist CausalConvWithState ' +
    'ConvTransposeWithDynamicPads CropAndResize DecoderMaskedMultiHeadAttention DequantizeLinear ' +
    'DynamicQuantizeLSTM DynamicQuantizeMatMul DynamicTimeWarping EmbedLayerNormalization ExpandDims FastGelu ' +
    'FusedConv FusedGemm FusedMatMul GatedDeltaNet GatedRMSNorm GatherBlockQuantized GatherND Gelu GreedySearch ' +
    'GridSample GroupQueryAttention Inverse LinearAttention MatMulBnb4 MatMulFpQ4 MatMulInteger16 ' +
    'MatMulIntegerToFloat MatMulNBits MaxpoolWithMask MoE MultiHeadAttention MurmurHash3 NGramRepeatBlock ' +
    'NhwcMaxPool Pad QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat ' +
    'QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QLinearWhere ' +
    'QMoE QuantizeLinear QuickGelu Range RotaryEmbedding SampleOp Sampling SkipLayerNormalization ' +
    'SkipSimplifiedLayerNormalization SparseAttention SparseToDenseMatMul Tokenizer TransposeMatMul Trilu ' +
    'UnfoldTensor Unique WhisperBeamSearch WordConvEmbedding'
  ).split(' '),
);

/** Domains whose operators are ONNX's own; the empty one is the same as `ai.onnx`. */
export const ONNX_DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
