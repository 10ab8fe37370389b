"""Exports scikit-learn models with skl2onnx. Needs: scikit-learn skl2onnx onnx pandas."""

import numpy
import pandas
import skl2onnx
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fixture import Fixtures

fixtures = Fixtures("sklearn", {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__})


def save(name, model, example=None, **options):
    proto = to_onnx(model, example, **options)
    (fixtures.folder / name).mkdir()
    (fixtures.folder / name / "model.onnx").write_bytes(proto.SerializeToString())


def classified(model, rows):
    label = model.predict(rows)
    return {"label": label, "probabilities": model.predict_proba(rows).astype(numpy.float32)}


iris = load_iris()
rows = iris.data.astype(numpy.float32)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(rows, iris.target)
save("iris-logistic", classifier, rows[:1], options={"zipmap": False})
fixtures.add("iris-logistic", "onnx", [({"X": some}, classified(classifier, some)) for some in (rows[:1], rows[::30])])

# What skl2onnx writes when nobody asks for anything: the probabilities are a sequence of maps, which is no tensor.
save("iris-zipmap", classifier, rows[:1])
labels = {"output_label": classifier.predict(rows[::30])}
note = "The output output_probability is a sequence of maps and cannot be asked for."
fixtures.add("iris-zipmap", "onnx", [({"X": rows[::30]}, labels)], note=note)

forest = RandomForestClassifier(n_estimators=8, max_depth=4, random_state=7).fit(rows, iris.target)
save("iris-forest", forest, rows[:1], options={"zipmap": False})
fixtures.add("iris-forest", "onnx", [({"X": rows[::30]}, classified(forest, rows[::30]))])

diabetes = load_diabetes()
rows = diabetes.data.astype(numpy.float32)
regressor = GradientBoostingRegressor(n_estimators=20, max_depth=3, random_state=7).fit(rows, diabetes.target)
save("diabetes-boosting", regressor, rows[:1])
predicted = regressor.predict(rows[:5]).astype(numpy.float32).reshape(-1, 1)
fixtures.add("diabetes-boosting", "onnx", [({"X": rows[:5]}, {"variable": predicted})])

digits = load_digits()
pixels = (digits.data / 16).astype(numpy.float32)
network = MLPClassifier((16,), random_state=7, max_iter=300).fit(pixels, digits.target)
save("digits-mlp", network, pixels[:1], options={"zipmap": False})
fixtures.add("digits-mlp", "onnx", [({"X": pixels[:4]}, classified(network, pixels[:4]))])

# A table with a column of text and a column of numbers: one input for each, strings as BYTES, labels as BYTES.
table = pandas.DataFrame(
    {
        "colour": ["red", "green", "blue", "red", "blue", "green", "été", "red"],
        "size": numpy.array([1, 2, 3, 4, 5, 6, 7, 8], numpy.float32),
    }
)
kinds = ["small", "small", "small", "small", "large", "large", "large", "large"]
columns = ColumnTransformer([("text", OneHotEncoder(), ["colour"]), ("number", StandardScaler(), ["size"])])
mixed = make_pipeline(columns, LogisticRegression()).fit(table, kinds)
types = [("colour", StringTensorType([None, 1])), ("size", FloatTensorType([None, 1]))]
save("mixed-columns", mixed, initial_types=types, options={"zipmap": False})
inputs = {"colour": table[["colour"]].to_numpy(), "size": table[["size"]].to_numpy()}
fixtures.add("mixed-columns", "onnx", [(inputs, classified(mixed, table))])

# With `lowercase` the export asks for the locale en_US.UTF-8, which a bare machine does not have.
texts = ["good fast service", "slow bad service", "good price", "bad price", "fast and good", "slow and bad"]
sentiment = make_pipeline(TfidfVectorizer(lowercase=False), LogisticRegression()).fit(texts, [1, 0, 1, 0, 1, 0])
save("text-tfidf", sentiment, initial_types=[("text", StringTensorType([None]))], options={"zipmap": False})
asked = ["good service", "bad and slow"]
fixtures.add("text-tfidf", "onnx", [({"text": numpy.array(asked)}, classified(sentiment, asked))])

fixtures.write()
