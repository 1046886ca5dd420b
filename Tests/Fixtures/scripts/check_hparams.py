"""Asks TensorBoard's plugin of hyperparameters about a folder that `descent choose --tensorboard` wrote, and prints what it found.

pip install tensorboard==2.21.0
python check_hparams.py FOLDER METRIC
"""

import sys

from tensorboard import context
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

folder, metric = sys.argv[1:]
multiplexer = plugin_event_multiplexer.EventMultiplexer()
multiplexer.AddRunsFromDirectory(folder)
multiplexer.Reload()
plugin = backend_context.Context(base_plugin.TBContext(data_provider=data_provider.MultiplexerDataProvider(multiplexer, folder)))
request_context = context.RequestContext()
experiment = plugin.experiment_from_metadata(request_context, "", True, plugin.hparams_metadata(request_context, ""), [])
print("settings:", [info.name for info in experiment.hparam_infos], "metrics:", [info.name.tag for info in experiment.metric_infos])
request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=1000, allowed_statuses=[1, 2, 3])
request.col_params.add(metric=api_pb2.MetricName(tag=metric))
groups = list_session_groups.Handler(request_context, plugin, "", request).run().session_groups
for group in groups[:5]:
    settings = {key: value.string_value or value.number_value for key, value in group.hparams.items()}
    print(group.name, settings, {value.name.tag: round(value.value, 4) for value in group.metric_values})
print(len(groups), "sessions")
