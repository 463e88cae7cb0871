"""Graph to graph: each pass returns an equal graph and a Report of what it did and saved.

From here: `pipeline.optimize`, `pipeline.PASSES`, `constants.fold_constants`, `dead_code.drop_dead_code`,
`common.merge_common`, `batch_norm.fold_batch_norm`, `fusion.fuse_epilogues`, `fusion.fuse_elementwise`,
`layout.assign_layouts`, `report.Report`.
"""
